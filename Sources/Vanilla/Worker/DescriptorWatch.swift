// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// A descriptor that a worker's loop watches, beside its connections: made by
    /// ``Worker/watch(_:isolation:)``.
    ///
    /// ```swift
    /// let watch = try worker.watch(socket)
    /// let events = try await watch.ready(for: .readable)
    /// ```
    ///
    /// It watches a duplicate: the descriptor still belongs to its owner, who reads, writes and
    /// closes it. Best used on the worker's thread, where everything happens at once. On another
    /// one, such as that of an actor, the worker does soon what it is asked, in that order.
    public final class DescriptorWatch {
        /// What a descriptor is ready for.
        public struct Events: OptionSet, Sendable {
            /// The events of poll(2).
            public let rawValue: UInt32

            /// A set of events of poll(2).
            public init(rawValue: UInt32) { self.rawValue = rawValue }

            /// There is something to read, or the end of it.
            public static let readable = Events(rawValue: PollEvents.readable)
            /// There is room to write.
            public static let writable = Events(rawValue: PollEvents.writable)
            /// It failed, or the other side hung up: both are told as this. Whether it was asked
            /// for or not.
            public static let failed = Events(rawValue: PollEvents.error | PollEvents.hangUp)
        }

        private let watching: Watching
        /// It is closed by the worker's end.
        private let worker: Worker

        init(_ descriptor: Int32, on worker: Worker) throws(ServerError) {
            self.worker = worker
            watching = Watching()
            try watching.open(descriptor, on: worker)
        }

        deinit {
            close()
        }

        /// Calls `body` once, on the worker's thread, when the descriptor is ready for any of
        /// `events` or has failed. Asking again replaces both, and ends the wait of a task in
        /// ``ready(for:)``. A file, which is always ready, is reported at once.
        public func whenReady(for events: Events, _ body: @escaping (Events) -> Void) {
            if worker.isCurrent { return watching.ask(for: events, body) }
            askElsewhere(for: events, body)
        }

        @inline(never)
        private func askElsewhere(for events: Events, _ body: @escaping (Events) -> Void) {
            // It is called on the worker's thread alone.
            let box = UncheckedBox(body)
            worker.run { [watching, worker] in
                if worker.isCurrent { watching.ask(for: events, box.value) }
            }
        }

        /// Waits until the descriptor is ready for any of `events`, or has failed.
        ///
        /// - Throws: `CancellationError` where the task is cancelled meanwhile, the watch is
        ///   closed, or asked for something else.
        public func ready(for events: Events) async throws -> Events {
            let wait = WorkerWait<Events>(on: worker)
            return try await wait.value { [watching] in
                watching.ask(for: events) { found in wait.finish(.success(found)) }
                watching.onClose = { wait.finish(.failure(CancellationError())) }
                if watching.isClosed { watching.forget() }
            }
        }

        /// Watches no longer. What waits for it throws.
        public func close() {
            if worker.isCurrent { return watching.close() }
            worker.run { [watching, worker] in
                if worker.isCurrent { watching.close() }
            }
        }
    }
}

/// What C has of a watch. Only on the worker's thread; C closes it when the worker ends.
@safe
private final class Watching: @unchecked Sendable {
    typealias Events = Worker.DescriptorWatch.Events

    /// `nil` once it is closed. Until then C names this object, and whoever closes it retains it.
    private var watch: OpaquePointer?
    private var body: ((Events) -> Void)?
    /// Tells the task that waits that it is closed.
    var onClose: (() -> Void)?

    func open(_ descriptor: Int32, on worker: Worker) throws(ServerError) {
        var error: Int32 = 0
        // The watch is closed before this object goes.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe watch = vn_watch_open(
            worker.executor.pointer, descriptor, Self.ready, context, &error)
        if unsafe watch == nil {
            throw ServerError(
                .unwatchableDescriptor, "The descriptor \(descriptor) cannot be watched.",
                code: -error)
        }
    }

    var isClosed: Bool { unsafe watch == nil }

    func ask(for events: Events, _ body: @escaping (Events) -> Void) {
        guard let watch = unsafe watch else { return }
        onClose.take()?()
        self.body = body
        unsafe vn_watch_for(watch, events.rawValue)
    }

    func close() {
        guard let watch = unsafe watch else { return }
        unsafe self.watch = nil
        unsafe vn_watch_close(watch)
        forget()
    }

    func forget() {
        body = nil
        onClose.take()?()
    }

    private static let ready: @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void = {
        context, events in
        // C always passes it. The body may release the watch.
        let watching = unsafe Unmanaged<Watching>.fromOpaque(context!).takeUnretainedValue()
        if events & PollEvents.invalid != 0 {
            // The worker ends, and C has closed it.
            unsafe watching.watch = nil
            return watching.forget()
        }
        watching.onClose = nil
        var found = Events(rawValue: events)
        if !found.isDisjoint(with: .failed) { found.formUnion(.failed) }
        watching.body.take()?(found)
    }
}

extension Worker {
    /// Watches a descriptor. On the worker's thread, and not in an actor. A worker watches 65,536
    /// at most, those of database connections among them.
    ///
    /// - Parameters:
    ///   - descriptor: What to watch.
    ///   - isolation: Where the caller runs.
    /// - Throws: ``ServerError`` of the kind `unwatchableDescriptor` where descriptors or memory
    ///   ran out, or the descriptor is not open; of the kind `notOnWorker` on another thread, and
    ///   in an actor's method on any: it would work there by chance.
    public func watch(
        _ descriptor: Int32, isolation: isolated (any Actor)? = #isolation
    ) throws(ServerError) -> Worker.DescriptorWatch {
        try check(isolation == nil, "A descriptor is watched")
        return try Worker.DescriptorWatch(descriptor, on: self)
    }
}
