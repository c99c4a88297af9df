// SPDX-License-Identifier: MIT

internal import Vanilla

extension PostgresPool {
    /// Listens: what is told to these channels from now on comes one after the other, on the
    /// caller's worker.
    ///
    /// ```swift
    /// for try await event in try await pool.listen(on: "orders") {
    ///     switch event {
    ///     case .notification(let notification): show(notification.payload)
    ///     case .gap: try await readEverything()
    ///     }
    /// }
    /// ```
    ///
    /// All that listen on a worker share one connection, which is beyond the pool's `maximum`.
    /// Where it is lost it is opened again, and a gap says that something may have been missed. So
    /// it says where the task takes too little: what comes while the buffer is full is dropped.
    /// What was told in a transaction comes when that is committed, and in the order of commits.
    ///
    /// - Parameters:
    ///   - channels: Their names, as they are: of 1 to 63 bytes, and told apart by their letters'
    ///     case. They need no quoting.
    ///   - maximum: How many events wait for the task, besides a gap.
    /// - Throws: ``PostgresError`` of the kind `misuse` for a name that cannot be one, no name, or
    ///   a `maximum` below one; `RequestError` with the status 503 when the database cannot be
    ///   listened to within `acquireTimeout`; `CancellationError`.
    nonisolated(nonsending) public func listen(
        on channels: String..., buffering maximum: Int = 1024
    ) async throws -> PostgresNotifications {
        try await listen(on: channels, buffering: maximum)
    }

    /// Listens to as many channels as are known at run time.
    ///
    /// - Throws: What ``listen(on:buffering:)`` throws.
    nonisolated(nonsending) public func listen(
        on channels: [String], buffering maximum: Int = 1024
    ) async throws -> PostgresNotifications {
        for channel in channels { try ChannelName.check(channel) }
        guard !channels.isEmpty, maximum > 0 else {
            throw PostgresError(
                .misuse, "A channel to listen to, and room for an event, are needed.")
        }
        let shard =
            if let shard = try table.find(in: #isolation) {
                shard
            } else {
                try await table.makeElsewhere()
            }
        let subscription = Subscription(Set(channels), maximum: maximum, shard)
        let notifications = PostgresNotifications(subscription)
        try await subscription.start()
        return notifications
    }
}

extension PostgresDatabase {
    /// Tells those that listen to a channel, on whichever machine: at once, or within a transaction
    /// when that is committed. The server drops what a transaction tells twice in the same words.
    ///
    /// - Parameters:
    ///   - channel: Its name, as it is: see ``PostgresPool/listen(on:buffering:)``.
    ///   - payload: Less than 8,000 bytes. What is larger is better a row, of which this tells the
    ///     key.
    /// - Throws: ``PostgresError`` of the kind `misuse` for a name that cannot be one or a larger
    ///   payload, and what ``PostgresPool/query(_:_:timeout:)`` throws.
    nonisolated(nonsending) public func notify(
        _ channel: String, _ payload: String = ""
    ) async throws {
        try ChannelName.check(channel)
        guard payload.utf8.count < 8000 else {
            throw PostgresError(
                .misuse, "What is told has less than 8000 bytes: \(payload.utf8.count).")
        }
        try await query(NotifyStatement.statement, channel, payload)
    }
}

private enum NotifyStatement {
    static let statement = Statement("select pg_notify($1, $2)")
}
