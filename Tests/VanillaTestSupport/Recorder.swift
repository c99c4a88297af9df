// SPDX-License-Identifier: MIT

import Foundation

/// Collects values from any thread.
public final class Recorder<Value: Sendable>: Sendable {
    private let condition = NSCondition()
    nonisolated(unsafe) private var recorded: [Value] = []

    public init() {}

    public func record(_ value: Value) {
        condition.lock()
        recorded.append(value)
        condition.broadcast()
        condition.unlock()
    }

    public var values: [Value] {
        condition.lock()
        defer { condition.unlock() }
        return recorded
    }

    /// Forgets the values, which may hold what holds this.
    public func clear() {
        condition.lock()
        recorded = []
        condition.unlock()
    }

    /// Waits until there are `count` values; false when they have not come within the deadline.
    public func wait(for count: Int, deadline: TimeInterval = 60) -> Bool {
        let end = Date(timeIntervalSinceNow: deadline)
        condition.lock()
        defer { condition.unlock() }
        while recorded.count < count {
            if !condition.wait(until: end) { return recorded.count >= count }
        }
        return true
    }
}
