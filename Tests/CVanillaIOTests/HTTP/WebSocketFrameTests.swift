// SPDX-License-Identifier: MIT
// Frames of WebSocket, the text in them, and the handshake, as bytes.

import CVanillaIOChecks
import Testing

@Suite struct WebSocketFrameTests {
    @Test func readsHeadsHoweverTheyAreCut() {
        expectNoProblem(vn_check_frame_heads())
    }

    @Test func takesNoFirstBytesButThoseOfTheRFC() {
        expectNoProblem(vn_check_frame_first_bytes())
    }

    @Test func writesAndReadsLengths() {
        expectNoProblem(vn_check_frame_lengths())
    }

    @Test func unmasksAsByteByByte() {
        for seed in 1..<1001 as Range<UInt64> { expectNoProblem(vn_check_frame_unmask(seed)) }
    }

    @Test func readsAndWritesClosings() {
        expectNoProblem(vn_check_frame_closes())
    }

    @Test func failsAtTheFirstByteThatIsNotText() {
        expectNoProblem(vn_check_text_rows())
    }

    @Test func checksTextAsByteByByte() {
        for seed in 1..<1001 as Range<UInt64> { expectNoProblem(vn_check_text_at_random(seed)) }
    }

    @Test func knowsAHandshake() {
        expectNoProblem(vn_check_handshake_rows())
    }

    @Test func answersAKey() {
        expectNoProblem(vn_check_handshake_accept())
    }
}
