// SPDX-License-Identifier: MIT

internal import Vanilla

/// How old a connection is and since when it was not used, with a timer that rings when either may
/// be too long. Only on the worker's thread.
final class Lifetime {
    private let idleTimeout: Int64
    private let opened = Clock.now
    private var end: Int64
    private var lastUse: Int64
    /// It is too old, and used until another one is there.
    private(set) var isOver = false
    private var isShortened = false
    private var timer: Worker.Timer?

    init(_ configuration: PostgresPool.Configuration) {
        let lifetime = configuration.lifetime.boundedNanoseconds
        idleTimeout = configuration.idleTimeout.boundedNanoseconds
        lastUse = opened
        // Drawn, so that connections do not end all at once.
        end = opened + lifetime - Int64.random(in: 0...lifetime / 10)
    }

    /// How long ago opening began.
    var age: Int64 { Clock.now - opened }

    /// - Parameter body: Called when it rings. Retained until this is closed.
    func open(on worker: Worker, _ body: @escaping () -> Void) {
        timer = Worker.Timer(on: worker, body)
        set()
    }

    /// Rings when the connection may be too old, or unused for too long.
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

    /// It is not used for longer than that. Later calls do nothing.
    func end(within time: Duration) {
        guard !isShortened else { return }
        isShortened = true
        end = min(end, Clock.now + time.boundedNanoseconds)
        set()
    }

    func hasEnded(_ now: Int64) -> Bool { now >= end }

    func isIdle(_ now: Int64) -> Bool { now - lastUse >= idleTimeout }

    /// The connection is too old. It rings once more when another one has had `time` to open.
    func expire(_ now: Int64, successorWithin time: Int64) {
        isOver = true
        end = now + time
    }
}
