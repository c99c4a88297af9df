// SPDX-License-Identifier: MIT

internal import CLibrary
internal import Vanilla

/// Calls something at a moment, on a thread of its own: it also rings where all of Swift's threads
/// are held up.
final class Alarm: Sendable {
    private let wakePipe: WakePipe
    /// What comes next; `nil` once it is off.
    private let next: Lock<Ringing?>

    private struct Ringing: Sendable {
        let moment: ContinuousClock.Instant
        let ring: @Sendable () -> Void
    }

    init(
        at moment: ContinuousClock.Instant, ring: @escaping @Sendable () -> Void
    ) throws(TestError) {
        wakePipe = try WakePipe()
        next = Lock(Ringing(moment: moment, ring: ring))
        try onAThreadOfItsOwn { self.run() }
    }

    /// Another moment, and something else to call.
    func set(to moment: ContinuousClock.Instant, ring: @escaping @Sendable () -> Void) {
        next.withLock { $0 = Ringing(moment: moment, ring: ring) }
        wakePipe.wake()
    }

    /// It does not ring any more.
    func turnOff() {
        next.withLock { $0 = nil }
        wakePipe.wake()
    }

    private func run() {
        var rung: ContinuousClock.Instant?
        while let next = next.withLock({ $0 }) {
            let left = next.moment - ContinuousClock.now
            var timeout: Int32 = -1
            if rung != next.moment {
                if left <= .zero {
                    rung = next.moment
                    next.ring()
                    continue
                }
                timeout = Int32(clamping: left.boundedMilliseconds)
            }
            var entry = pollfd(fd: wakePipe.descriptor, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&entry, 1, timeout) > 0 { wakePipe.clear() }
        }
    }
}
