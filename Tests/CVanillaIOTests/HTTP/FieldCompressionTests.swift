// SPDX-License-Identifier: MIT
// Fields, frames and priorities of HTTP/2.

import CVanillaIOChecks
import Testing

@Suite struct FieldCompressionTests {
    @Test func readsEveryExampleOfTheRFC() {
        expectNoProblem(vn_check_hpack_examples())
    }

    @Test func failsForWhatIsNoBlock() {
        expectNoProblem(vn_check_hpack_errors())
    }

    @Test func readsNoMoreOfABlockThanThereIs() {
        expectNoProblem(vn_check_hpack_cuts())
    }

    @Test func encodesAndDecodesEverySymbol() {
        expectNoProblem(vn_check_huffman())
    }

    @Test(arguments: 1..<101 as Range<UInt64>)
    func readsWhatItWrites(seed: UInt64) {
        expectNoProblem(vn_check_hpack_round_trip(seed))
    }

    @Test func saysHowTheTableHasChanged() {
        expectNoProblem(vn_check_hpack_limits())
    }

    @Test func putsIntoTheTableWhatComesBack() {
        expectNoProblem(vn_check_hpack_indexing())
    }

    @Test func cutsWhatIsLongerThanItsRoom() {
        expectNoProblem(vn_check_hpack_long_fields())
    }

    @Test func knowsTheLengthsAndStreamsOfFrames() {
        expectNoProblem(vn_check_frame_shapes())
    }

    @Test func readsFramesAsTheyWereWritten() {
        expectNoProblem(vn_check_frame_parts())
    }

    @Test func readsPriorities() {
        expectNoProblem(vn_check_priorities())
    }
}
