// SPDX-License-Identifier: MIT
import CVanillaIOChecks
import Testing

@Suite struct TimeoutTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func firesAtItsTimeAndSleepsUntilThen(_ seed: UInt64) {
        expectNoProblem(vn_check_wheel_fires_on_time(seed))
    }

    @Test func firesNothingWhileADeadlineIsPutOff() {
        expectNoProblem(vn_check_wheel_stays_quiet())
    }
}
