// SPDX-License-Identifier: MIT
// Targets with bytes beyond ASCII.

import CVanillaIOChecks
import Testing

@Suite struct UTF8Tests {
    @Test func takesThemWhereTheyAreAllowedAndUTF8() {
        expectNoProblem(vn_check_utf8_targets())
    }

    @Test func refusesThemAtTheFirstWrongByte() {
        expectNoProblem(vn_check_utf8_targets_are_limited())
    }
}
