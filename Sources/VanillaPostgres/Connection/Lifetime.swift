// SPDX-License-Identifier: MIT

internal import Vanilla

/// How old a connection is and how long it was not used, with a timer that looks after both. Only on
/// the worker's thread.
final class Lifetime {
    private let idleTimeout: Int64
    private let opened = Clock.now
    private var end: Int64
    private var lastUse: Int64
    /// It is too old, and used until another one is there.
    private(set) var isOver = false
    private var timer: Worker.Timer?

    init(_ configuration: PostgresPool.Configuration) {
        let lifetime = configuration.lifetime.boundedNanoseconds
        idleTimeout = configuration.idleTimeout.boundedNanoseconds
        lastUse = opened
        // Not all at once.
        end = opened + lifetime - Int64.random(in: 0...lifetime / 10)
    }

    /// How long ago the connection was asked for.
    var age: Int64 { Clock.now - opened }

    /// - Parameter body: Called when the time or the idleness may be over. Retained until the end.
    func open(on worker: Worker, _ body: @escaping () -> Void) {
        timer = Worker.Timer(on: worker, body)
        set()
    }

    /// Rings when there is something to look after.
    func set() {
        let next = min(end, lastUse + idleTimeout)
        timer?.set(after: .nanoseconds(max(1_000_000, next - Clock.now)))
    }

    func close() {
        timer?.cancel()
        timer = nil
    }

    func wasUsed(_ now: Int64) {
        lastUse = now
    }

    func isPast(_ now: Int64) -> Bool { now >= end }

    func isIdle(_ now: Int64) -> Bool { now - lastUse >= idleTimeout }

    /// It is too old. It is looked after again when another one had its time to open.
    func grew(old now: Int64, another time: Int64) {
        isOver = true
        end = now + time
    }
}
