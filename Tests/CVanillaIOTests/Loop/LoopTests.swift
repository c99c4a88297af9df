// SPDX-License-Identifier: MIT
// The pieces of a loop, alone.

import CVanillaIOChecks
import Testing

@Suite struct LoopTests {
    @Test func endsATurnAfterItsSpanOrTheBytesOfASend() {
        expectNoProblem(vn_check_budget())
    }

    @Test func owesSourcesWhatEventsTook() {
        expectNoProblem(vn_check_budget_debt())
    }

    @Test func takesTasksInTheirOrderWhileItIsOpen() {
        expectNoProblem(vn_check_mailbox())
    }

    @Test func reachesASourceThroughItsKind() {
        expectNoProblem(vn_check_kinds())
    }
}
