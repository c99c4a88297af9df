// SPDX-License-Identifier: MIT

internal import Vanilla

/// One timer for several moments at which something has to be looked at: it rings at the first of
/// them, and the others are set again then. Only on the worker's thread.
final class Alarm {
    private var timer: Worker.Timer?
    /// When it rings.
    private var time = Int64.max

    /// - Parameter body: Retained until the alarm is closed.
    func open(on worker: Worker, _ body: @escaping () -> Void) {
        timer = Worker.Timer(on: worker) { [self] in
            time = .max
            body()
        }
    }

    /// Rings at that time, whatever was set before.
    func set(_ time: Int64) {
        self.time = time
        timer?.set(after: .nanoseconds(max(0, time - Clock.now)))
    }

    /// Rings at that time, or earlier where that was set before.
    @inline(__always)
    func set(by time: Int64) {
        if time < self.time { set(time) }
    }

    func cancel() {
        time = .max
        timer?.cancel()
    }

    func close() {
        timer?.cancel()
        timer = nil
    }
}
