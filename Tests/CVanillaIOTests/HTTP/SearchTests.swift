// SPDX-License-Identifier: MIT
// The searches by blocks against those byte by byte.

import CVanillaIOChecks
import Testing

@Suite struct SearchTests {
    @Test func readsNoByteOutsideOfWhatItIsGiven() {
        expectNoProblem(vn_check_searches_at_page_edges())
    }

    @Test func findsWhatThePortableSearchFinds() {
        expectNoProblem(vn_check_searches_on_random_bytes(makeSeed()))
    }
}
