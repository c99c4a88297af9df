// SPDX-License-Identifier: MIT

internal import CLibrary

/// Waits on the test's own thread until it is so, for at most as long as a slow machine takes.
public func waitHere(_ isSo: () -> Bool) throws {
    let end = ContinuousClock.now + .seconds(60)
    while !isSo() {
        if ContinuousClock.now > end { throw TestFailure() }
        sched_yield()
    }
}
