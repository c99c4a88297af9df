// SPDX-License-Identifier: MIT

/// What comes of ``PostgresPool/listen(on:buffering:)``. One task at a time takes it.
///
/// It ends when the worker stops, when the pool is gone, and with ``end()``. The channels are given
/// up when it ends, or is no longer held.
public final class PostgresNotifications: AsyncSequence, Sendable {
    private let subscription: Subscription

    init(_ subscription: Subscription) {
        self.subscription = subscription
    }

    deinit {
        subscription.end()
    }

    /// Gives the channels up. What has come can still be taken, and nil after it. Any thread.
    public func end() {
        subscription.end()
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        // It is held as long as somebody takes of it.
        let notifications: PostgresNotifications

        /// The next event; nil once it is over.
        ///
        /// - Throws: `CancellationError` when the task is cancelled; ``PostgresError`` when the
        ///   server refuses the channel, or of the kind `misuse` where another task waits.
        public nonisolated(nonsending) mutating func next() async throws
            -> PostgresNotification.Event?
        {
            try await notifications.subscription.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(notifications: self)
    }
}
