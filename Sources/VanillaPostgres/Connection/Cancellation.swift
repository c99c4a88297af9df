// SPDX-License-Identifier: MIT

internal import Vanilla

/// How far a connection is with cancelling a query. There is a request on a socket of its own,
/// which is repeated while the query goes on, and then a round trip, which shows that no signal is
/// left. All of it has a grace, after which the connection is closed. Only on the worker's thread.
final class Cancellation {
    enum State {
        /// There is nothing to cancel.
        case none
        /// Something is under way for nobody, and cannot be cancelled because of others.
        case blocked
        /// It was cancelled, and has not ended.
        case ending(by: Int64)
        /// A round trip without a query is under way: it takes a signal that may still come.
        case cleaning(by: Int64)
    }

    private var state = State.none
    /// Under way to the server, and until when. Only within the grace.
    private var request: CancelRequest?
    private var requestEnds: Int64 = 0
    /// When it is asked for once more, and how often that was done for the same query.
    private var nextRequest: Int64?
    private var repeats = 0
    /// How many queries had ended when it was last asked for; and whether the server has sent the
    /// signal.
    private var target: Int?
    private(set) var isConfirmed = false
    private let grace: Int64
    private let alarm: Alarm

    /// How long a query whose answer is no longer wanted may go on before that matters: 100 ms.
    static let delay: Int64 = 100_000_000

    init(grace: Duration, _ alarm: Alarm) {
        self.grace = grace.boundedNanoseconds
        self.alarm = alarm
    }

    /// Whether the connection takes no queries because of it.
    var isUnderWay: Bool {
        if case .none = state { false } else { true }
    }

    var isRequesting: Bool { request != nil }

    var isCleaning: Bool {
        if case .cleaning = state { true } else { false }
    }

    /// When the connection is closed unless no signal is left by then; nil where nothing was
    /// cancelled.
    var graceEnds: Int64? {
        switch state {
        case .none, .blocked: nil
        case .ending(let time), .cleaning(let time): time
        }
    }
}

// MARK: - States

extension Cancellation {
    func block() {
        if case .none = state { state = .blocked }
    }

    func unblock() {
        if case .blocked = state { state = .none }
    }

    /// Begins the grace, unless it has begun.
    func begin() {
        guard graceEnds == nil else { return }
        prolong(Clock.now)
    }

    /// Begins the grace anew: what runs now was not cancelled, and may take its time.
    func prolong(_ now: Int64) {
        let time = now + grace
        state = .ending(by: time)
        alarm.set(by: time)
    }

    /// The round trip has a grace of its own.
    func beginCleaning(_ now: Int64) {
        guard graceEnds != nil else { return }
        let time = now + grace
        state = .cleaning(by: time)
        alarm.set(by: time)
    }

    /// Prolongs the grace until the one of a request is over that began within it. False where that
    /// is over.
    func waitForRequest(_ now: Int64) -> Bool {
        guard isRequesting && now < requestEnds else { return false }
        state = .ending(by: requestEnds)
        alarm.set(by: requestEnds)
        return true
    }

    /// The round trip is over. The grace goes on until `end`.
    func cleaned() {
        if let graceEnds { state = .ending(by: graceEnds) }
    }

    /// No signal is left.
    func end() {
        state = .none
        nextRequest = nil
        target = nil
    }

    func close() {
        request?.close()
        request = nil
    }
}

// MARK: - Requests

extension Cancellation {
    /// Asks the server. `ended` is called later, once, unless this is closed before.
    ///
    /// - Parameter target: How many queries have ended: it is for the one after them.
    func send(
        _ canceller: Canceller, for target: Int, on worker: Worker,
        ended: @escaping (CancelRequest.End) -> Void
    ) {
        repeats = target == self.target ? repeats + 1 : 0
        self.target = target
        isConfirmed = false
        requestEnds = Clock.now + grace
        request = CancelRequest(canceller, on: worker) { [self] end in
            request = nil
            isConfirmed = end == .done
            // A signal that overtook its query hit nothing.
            if end != .lost { pause() }
            ended(end)
        }
        // A socket may be available later.
        if request == nil { pause() }
    }

    private func pause() {
        // A query that does not heed it costs the server a process each time.
        let time = Clock.now + Self.delay << Int64(min(repeats, 4))
        nextRequest = time
        alarm.set(by: time)
    }

    /// Whether it was asked for what runs now.
    func isAimed(at target: Int) -> Bool { self.target == target }

    /// Whether it is time to ask once more, as what was cancelled still runs.
    func isDue(_ now: Int64) -> Bool {
        guard let time = nextRequest else { return false }
        if time > now { alarm.set(by: time) }
        return time <= now
    }
}
