// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Worker {
    /// A descriptor that a worker's loop watches, beside its connections: made by
    /// ``Worker/watch(_:)``, used and released on the worker's thread.
    ///
    /// ```swift
    /// let watch = try worker.watch(socket)
    /// let events = try await watch.ready(for: .readable)
    /// ```
    ///
    /// It watches a duplicate: the descriptor still belongs to its owner, who reads, writes and
    /// closes it.
    @safe
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

        /// `nil` once it is closed.
        private var watch: OpaquePointer?
        private var body: ((Events) -> Void)?
        /// Tells the task that waits that it is closed.
        private var onClose: (() -> Void)?
        /// It is closed by the worker's end.
        private let worker: Worker

        init(_ descriptor: Int32, on worker: Worker) throws(ServerError) {
            precondition(worker.isCurrent, "A descriptor is watched on its worker's thread.")
            self.worker = worker
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

        deinit {
            close()
        }

        /// Calls `body` once, when the descriptor is ready for any of `events` or has failed.
        /// Asking again replaces both, and ends the wait of a task in ``ready(for:)``. A file,
        /// which is always ready, is reported at once. On the worker's thread.
        public func whenReady(for events: Events, _ body: @escaping (Events) -> Void) {
            guard let watch = unsafe watch else { return }
            onClose.take()?()
            self.body = body
            unsafe vn_watch_for(watch, events.rawValue)
        }

        /// Waits until the descriptor is ready for any of `events`, or has failed. On the worker's
        /// thread, where an asynchronous handler is.
        ///
        /// - Throws: `CancellationError` where the task is cancelled meanwhile, the watch is
        ///   closed, or asked for something else.
        public func ready(for events: Events) async throws -> Events {
            let wait = WorkerWait<Events>(on: worker)
            return try await wait.value { [self] in
                whenReady(for: events) { found in wait.finish(.success(found)) }
                onClose = { wait.finish(.failure(CancellationError())) }
                if unsafe watch == nil { onClose?() }
            }
        }

        /// Watches no longer. What waits for it throws.
        public func close() {
            guard let watch = unsafe watch else { return }
            unsafe self.watch = nil
            unsafe vn_watch_close(watch)
            forget()
        }

        private func forget() {
            body = nil
            onClose.take()?()
        }

        private static let ready: @convention(c) (UnsafeMutableRawPointer?, UInt32) -> Void = {
            context, events in
            // C always passes it. The body may release the watch.
            let watch = unsafe Unmanaged<Worker.DescriptorWatch>.fromOpaque(context!)
                .takeUnretainedValue()
            if events & PollEvents.invalid != 0 {
                // The worker ends, and C has closed it.
                unsafe watch.watch = nil
                return watch.forget()
            }
            watch.onClose = nil
            var found = Events(rawValue: events)
            if !found.isDisjoint(with: .failed) { found.formUnion(.failed) }
            watch.body.take()?(found)
        }
    }
}

extension Worker {
    /// Watches a descriptor. On the worker's thread. A worker watches 65,536 at most, those of
    /// database connections among them.
    ///
    /// - Throws: ``ServerError`` of the kind `unwatchableDescriptor` where descriptors or memory
    ///   ran out, or the descriptor is not open.
    public func watch(_ descriptor: Int32) throws(ServerError) -> Worker.DescriptorWatch {
        try Worker.DescriptorWatch(descriptor, on: self)
    }
}
