// SPDX-License-Identifier: MIT

internal import Vanilla

/// What one task listens to, and what has come and was not taken yet: bounded. Tasks call `start`,
/// `next` and `end` on any thread; everything happens on the worker's.
///
/// Where the buffer is full, what comes is dropped, and a gap is in its place.
@safe
final class Subscription: @unchecked Sendable {
    typealias Event = PostgresNotification.Event

    /// Each once.
    let channels: Set<String>
    private let owner: any SubscriptionOwner
    private let maximum: Int
    private let events = Queue<Event>(capacity: 4)
    /// The last one of them is a gap.
    private var endsWithGap = false
    /// The server has said that it tells of all channels.
    private(set) var isConfirmed = false
    private var wasConfirmed = false
    private var isOver = false
    private var failure: (any Error)?
    private var wait: Wait?
    private var timer: Worker.Timer?

    /// One wait of a task: for the first confirmation, or for the next event.
    @safe
    private final class Wait: @unchecked Sendable {
        let isForStart: Bool
        var isCancelled = false
        var continuation: UnsafeContinuation<Event?, any Error>?
        let handover = Handover()

        init(isForStart: Bool) {
            self.isForStart = isForStart
        }

        func finish(_ result: Result<Event?, any Error>) {
            guard let continuation = unsafe continuation.take() else { return }
            handover.give()
            unsafe continuation.resume(with: result)
        }
    }

    init(_ channels: Set<String>, maximum: Int, _ owner: any SubscriptionOwner) {
        self.channels = channels
        self.maximum = maximum
        self.owner = owner
    }
}

/// What has the connection that listens. On the worker's thread, except for that thread.
protocol SubscriptionOwner: AnyObject, Sendable {
    var worker: Worker { get }
    /// The worker stops, or the pool is gone.
    var isEnded: Bool { get }
    /// How long the first confirmation may take.
    var listeningTimeout: Duration { get }
    /// What to add to the error of what waited in vain.
    var listeningWords: String { get }
    func join(_ subscription: Subscription)
    func leave(_ subscription: Subscription)
}

// MARK: - The task

extension Subscription {
    /// Waits until the server tells of all channels.
    nonisolated(nonsending) func start() async throws {
        _ = try await value(of: Wait(isForStart: true))
    }

    /// The next event; nil once it is over.
    nonisolated(nonsending) func next() async throws -> Event? {
        try Task.checkCancellation()
        if owner.worker.isCurrent, let event = take() { return event }
        return try await value(of: Wait(isForStart: false))
    }

    /// Nothing is wanted any more.
    func end() {
        if owner.worker.isCurrent { return leave() }
        owner.worker.run { [self] in
            if owner.worker.isCurrent { leave() }
        }
    }

    private func leave() {
        if !isOver && !owner.isEnded { owner.leave(self) }
        finish()
    }

    nonisolated(nonsending) private func value(of wait: Wait) async throws -> Event? {
        defer { wait.handover.take() }
        return try await withTaskCancellationHandler {
            try await unsafe withUnsafeThrowingContinuation { continuation in
                unsafe wait.continuation = unsafe continuation
                if owner.worker.isCurrent { return begin(wait) }
                owner.worker.run { [self] in
                    // Where the worker has ended, so has everything that could come.
                    if owner.worker.isCurrent { return begin(wait) }
                    wait.finish(Self.noMore(wait))
                }
            }
        } onCancel: {
            owner.worker.run { [self] in
                if owner.worker.isCurrent { cancel(wait) }
            }
        }
    }

    private static func noMore(_ wait: Wait) -> Result<Event?, any Error> {
        wait.isForStart ? .failure(RequestError.workerStops) : .success(nil)
    }

    private func begin(_ wait: Wait) {
        guard !wait.isCancelled else { return wait.finish(.failure(CancellationError())) }
        guard self.wait == nil else {
            return wait.finish(
                .failure(PostgresError(.misuse, "One task at a time waits for notifications.")))
        }
        if wait.isForStart && !isOver {
            guard !owner.isEnded else { return wait.finish(Self.noMore(wait)) }
            owner.join(self)
            if !isConfirmed { startTimer() }
        }
        self.wait = wait
        settle()
    }

    private func cancel(_ wait: Wait) {
        wait.isCancelled = true
        guard self.wait === wait else { return }
        self.wait = nil
        wait.finish(.failure(CancellationError()))
    }

    private func startTimer() {
        let time = owner.listeningTimeout
        timer = Worker.Timer(on: owner.worker) { [weak self] in
            guard let self else { return }
            let words = owner.listeningWords
            failure = unavailable(
                PostgresError(
                    .timeout, "The database was not listened to within \(time).\(words)"))
            leave()
        }
        timer?.set(after: time)
    }

    /// Lets the task go on, if what it waits for is there.
    private func settle() {
        guard let wait else { return }
        let result: Result<Event?, any Error>
        if wait.isForStart && wasConfirmed {
            result = .success(nil)
        } else if !wait.isForStart, let event = take() {
            result = .success(event)
        } else if isOver {
            result = failure.map { .failure($0) } ?? Self.noMore(wait)
            failure = nil
        } else {
            return
        }
        self.wait = nil
        wait.finish(result)
    }

    private func take() -> Event? {
        guard let event = events.removeFirst() else { return nil }
        if events.count == 0 { endsWithGap = false }
        return event
    }
}

// MARK: - The listener, on the worker's thread

extension Subscription {
    /// The server tells of all channels. Where it did before, something was missed meanwhile.
    func confirm() {
        isConfirmed = true
        if wasConfirmed { give(.gap) }
        wasConfirmed = true
        timer?.cancel()
        timer = nil
        settle()
    }

    /// The connection was lost.
    func interrupt() {
        isConfirmed = false
    }

    func give(_ event: Event) {
        guard !isOver else { return }
        let isGap = event == .gap || events.count >= maximum
        if isGap && endsWithGap { return }
        events.append(isGap ? .gap : event)
        endsWithGap = isGap
        settle()
    }

    /// Nothing comes any more. What has come can still be taken.
    func finish(_ error: (any Error)? = nil) {
        if let error { failure = error }
        isOver = true
        timer?.cancel()
        timer = nil
        settle()
    }
}
