// SPDX-License-Identifier: MIT

import Testing

@testable import VanillaPostgres

/// What counts as slow, by the round trip of the connection.
@Suite struct PaceTests {
    private static let millisecond: Int64 = 1_000_000

    @Test func isSlowAfterTenMillisecondsAndTwoRoundTrips() {
        var pace = Pace()
        pace.opened(within: 5 * Self.millisecond)
        pace.began(0)
        #expect(!pace.isSlow(20 * Self.millisecond))
        #expect(pace.isSlow(20 * Self.millisecond + 1))
        #expect(pace.stallTime == 60 * Self.millisecond)
    }

    @Test func takesTheShortestTimeToAFirstAnswer() {
        var pace = Pace()
        pace.opened(within: 5 * Self.millisecond)
        pace.began(0)
        pace.answered(3 * Self.millisecond)
        // It answers another query, which was sent later.
        pace.answered(4 * Self.millisecond)
        #expect(pace.progress == 4 * Self.millisecond)
        #expect(pace.stallTime == 56 * Self.millisecond)
        pace.began(10 * Self.millisecond)
        pace.answered(20 * Self.millisecond)
        #expect(pace.stallTime == 56 * Self.millisecond)
    }
}
