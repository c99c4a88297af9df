// SPDX-License-Identifier: MIT
// What a connection and a transport with words of its own owe each other.

import CVanillaIO.Internals
import CVanillaIOChecks
import Testing

@Suite struct TransportTests {
    @Test func saysItsLastWordWhereTheConnectionEndsInPeace() {
        expectNoProblem(vn_check_last_words())
    }

    @Test func endsTheConnectionWhenItFails() {
        expectNoProblem(vn_check_transport_fails())
    }

    @Test(arguments: 1..<401 as Range<UInt64>)
    func survivesDamagedBytes(seed: UInt64) {
        expectNoProblem(vn_check_transport_fails_at_random(seed))
    }

    @Test func saysNothingBeforeItHasBegun() {
        expectNoProblem(vn_check_transport_never_begins())
    }

    @Test func takesACutRecordForNoEnd() {
        expectNoProblem(vn_check_truncated_input())
    }

    @Test func readsNothingAfterItsOwnEndOfInput() {
        expectNoProblem(vn_check_input_after_its_end())
    }

    @Test func countsBytesOnTheWire() {
        expectNoProblem(vn_check_wire_is_counted())
    }

    @Test(
        arguments: realBackends.map { Int32($0) },
        [0, 1] as [Int32])
    func carriesLargeAnswersOverASocket(ring: Int32, drains: Int32) {
        expectNoProblem(vn_check_transport_over_a_socket(ring, drains))
    }
}
