// SPDX-License-Identifier: MIT

internal import Vanilla

/// When a connection may be opened: after a failure not before a pause is over, which is longer
/// after each one, and drawn, so that the workers do not connect all at once. Only on the worker's
/// thread.
final class Backoff {
    private let first: Int64
    private let longest: Int64
    private var timer: Worker.Timer?
    /// No connection is opened before the pause is over.
    private(set) var isPausing = false
    private var failures = 0
    /// Why the last attempt failed, or the last connection was lost; nil since one was opened.
    var lastError: PostgresError?

    init(_ configuration: PostgresPool.Configuration) {
        first = configuration.firstPause.boundedNanoseconds
        longest = configuration.maximumPause.boundedNanoseconds
    }

    /// - Parameter body: Called when a pause is over. Retained until this is closed.
    func open(on worker: Worker, _ body: @escaping () -> Void) {
        timer = Worker.Timer(on: worker) { [self] in
            isPausing = false
            body()
        }
    }

    func close() {
        timer?.cancel()
        timer = nil
    }

    /// The last attempt failed.
    var hasFailed: Bool { failures > 0 }

    func succeeded() {
        failures = 0
        lastError = nil
    }

    /// Begins a pause, unless there is one. It is drawn from all of its length.
    func failed() {
        if isPausing { return }
        let top = min(longest, first << Int64(min(failures, 16)))
        failures += 1
        isPausing = true
        timer?.set(after: .nanoseconds(Int64.random(in: 0...max(top, 1))))
    }

    /// What to add to the error of what waited in vain.
    var lastWords: String {
        lastError.map { " The last attempt to connect failed: \($0)" } ?? ""
    }
}
