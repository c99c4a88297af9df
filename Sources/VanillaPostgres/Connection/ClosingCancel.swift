// SPDX-License-Identifier: MIT

internal import Vanilla

/// Cancels what the server still does for a connection that is closed: it would notice only when it
/// has an answer to send. Only on the worker's thread.
final class ClosingCancel {
    private let canceller: Canceller
    private let worker: Worker
    private var rounds: Int
    private var request: CancelRequest?
    private var timer: Worker.Timer?
    private var ended: (() -> Void)?

    /// - Parameter queries: How many were under way.
    init(_ canceller: Canceller, on worker: Worker, queries: Int) {
        self.canceller = canceller
        self.worker = worker
        // The server's answer to the first one leaves, and only that to the second one fails, so
        // that the server learns that nobody is there.
        rounds = min(queries, 2)
    }

    /// Begins. `ended` is called once, when the signals were sent, or cannot be, or the time is
    /// over.
    func begin(within time: Duration, _ ended: @escaping () -> Void) {
        self.ended = ended
        timer = Worker.Timer(on: worker) { [self] in end() }
        timer?.set(after: time)
        send()
    }

    private func send() {
        rounds -= 1
        request = CancelRequest(canceller, on: worker) { [self] end in
            request = nil
            end == .done && rounds > 0 ? send() : self.end()
        }
        if request == nil { end() }
    }

    func end() {
        request?.close()
        request = nil
        timer?.cancel()
        timer = nil
        ended.take()?()
    }

    /// The same where the worker ends, so that nobody would go on with it: blocks for as long as
    /// the server needs to take the request, and until `end` at most.
    func perform(until end: Int64) {
        for _ in 0..<rounds {
            // To connect, and for the answer.
            let left = (end - Clock.now) / 2_000_000
            guard left > 0, canceller.perform(within: Int32(left)) else { return }
        }
    }
}
