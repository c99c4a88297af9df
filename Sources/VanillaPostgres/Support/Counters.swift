// SPDX-License-Identifier: MIT

internal import Synchronization

/// What one worker counts. Written on its thread alone, read on any.
final class Counters: Sendable {
    enum What {
        case query
        case error
        case refusal
        case attempt
        case connected
        case loss
        case reconnect
    }

    private let queries = Atomic(0)
    private let errors = Atomic(0)
    private let refusals = Atomic(0)
    private let attempts = Atomic(0)
    private let connected = Atomic(0)
    private let losses = Atomic(0)
    private let reconnects = Atomic(0)
    private let size = Atomic(0)
    private let idle = Atomic(0)
    private let waiting = Atomic(0)
    private let waits: [Counter]

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    init() {
        waits = (0..<PostgresPool.Statistics.waitBounds.count + 1).map { _ in Counter() }
    }

    func add(_ what: What) {
        switch what {
        case .query: Self.add(queries)
        case .error: Self.add(errors)
        case .refusal: Self.add(refusals)
        case .attempt: Self.add(attempts)
        case .connected: Self.add(connected)
        case .loss: Self.add(losses)
        case .reconnect: Self.add(reconnects)
        }
    }

    /// One thread writes, so that this need not be one step.
    private static func add(_ counter: borrowing Atomic<Int>) {
        counter.store(counter.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    func waited(_ nanoseconds: Int64) {
        if nanoseconds == 0 { return Self.add(waits[0].value) }
        let milliseconds = nanoseconds / 1_000_000
        let bounds = PostgresPool.Statistics.waitBounds
        let place = bounds.firstIndex { milliseconds < $0 } ?? bounds.count
        Self.add(waits[place].value)
    }

    func gauge(size: Int, idle: Int, waiting: Int) {
        self.size.store(size, ordering: .relaxed)
        self.idle.store(idle, ordering: .relaxed)
        self.waiting.store(waiting, ordering: .relaxed)
    }

    func add(to total: inout PostgresPool.Statistics) {
        total.queries += queries.load(ordering: .relaxed)
        total.errors += errors.load(ordering: .relaxed)
        total.refusals += refusals.load(ordering: .relaxed)
        total.attempts += attempts.load(ordering: .relaxed)
        total.connected += connected.load(ordering: .relaxed)
        total.losses += losses.load(ordering: .relaxed)
        total.reconnects += reconnects.load(ordering: .relaxed)
        total.size += size.load(ordering: .relaxed)
        total.idle += idle.load(ordering: .relaxed)
        total.waiting += waiting.load(ordering: .relaxed)
        for (index, counter) in waits.enumerated() {
            total.waits[index] += counter.value.load(ordering: .relaxed)
        }
    }
}
