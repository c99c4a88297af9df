// SPDX-License-Identifier: MIT

internal import Vanilla

// COPY between the server and a task, on a lease.

extension PostgresConnection {
    /// Copies rows from the server: `body` gets them one after the other.
    ///
    /// ```swift
    /// try await connection.copyOut("copy users to stdout (format csv)") { rows in
    ///     for try await row in rows { lines += String(decoding: row, as: UTF8.self) }
    /// }
    /// ```
    ///
    /// When `body` returns before the last row, the COPY is cancelled, and a transaction that it is
    /// in fails with it. Nothing else may be asked on this connection until this has returned.
    ///
    /// - Parameter timeout: How long all of it may take; the connection's `statement_timeout`
    ///   unless set, which is also the most.
    /// - Throws: ``PostgresError`` when the database refuses it, or of the kind `misuse` for any
    ///   other statement; what `body` throws.
    public func copyOut<Result>(
        _ sql: String, timeout: Duration? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (PostgresCopyRows) async throws -> Result
    ) async throws -> Result {
        let (query, exchange) = try begin(sql, .toClient, timeout)
        // In a task of its own, which waits for the end while this one takes rows. It is cancelled
        // when this function ends before it.
        async let end = exchange.follow(query)
        try await exchange.start()
        let result = try await body(PostgresCopyRows(exchange: exchange))
        if exchange.isReadToTheEnd { _ = try await end } else { exchange.abandon() }
        return result
    }

    /// Copies rows to the server, in pieces that may begin and end anywhere.
    ///
    /// No more is taken of `pieces` than the server takes, except for some 64 KiB. That the server
    /// refuses a row is known when all are sent. Where `pieces` throws, or the task is cancelled,
    /// nothing is copied. Nothing else may be asked on this connection until this has returned.
    ///
    /// - Parameter timeout: How long all of it may take; the connection's `statement_timeout`
    ///   unless set, which is also the most.
    /// - Returns: The number of rows.
    /// - Throws: ``PostgresError`` when the database refuses it, or of the kind `misuse` for any
    ///   other statement; what `pieces` throws.
    @discardableResult
    nonisolated(nonsending) public func copyIn<Pieces: AsyncSequence>(
        _ sql: String, from pieces: Pieces, timeout: Duration? = nil
    ) async throws -> Int where Pieces.Element == [UInt8] {
        let (query, exchange) = try begin(sql, .fromClient, timeout)
        async let end = exchange.follow(query)
        try await exchange.start()
        do {
            var gathered: [UInt8] = []
            for try await piece in pieces {
                if gathered.isEmpty { gathered = piece } else { gathered += piece }
                if gathered.count >= CopyExchange.pieceSize {
                    try await exchange.sendInPieces(gathered)
                    gathered = []
                }
            }
            try await exchange.sendInPieces(gathered)
            // Some sequences, such as an AsyncStream, end where their task is cancelled.
            try Task.checkCancellation()
        } catch {
            // The server is told that this was not all.
            exchange.abandon()
            _ = try? await end
            throw error
        }
        exchange.finish()
        return try await end
    }

    /// Copies rows to the server, which are there already.
    ///
    /// - Returns: The number of rows.
    /// - Throws: As the one that takes them from an asynchronous sequence.
    @discardableResult
    nonisolated(nonsending) public func copyIn(
        _ sql: String, from pieces: some Sequence<[UInt8]>, timeout: Duration? = nil
    ) async throws -> Int {
        try await copyIn(sql, from: Pieces(base: pieces), timeout: timeout)
    }

    /// A sequence as one whose elements are waited for.
    private struct Pieces<Base: Sequence<[UInt8]>>: AsyncSequence {
        let base: Base

        struct AsyncIterator: AsyncIteratorProtocol {
            var base: Base.Iterator

            nonisolated(nonsending) mutating func next() async -> [UInt8]? { base.next() }
        }

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeIterator()) }
    }
}

extension CopyExchange {
    /// What is sent at a time, as libpq moves what it cannot send at once.
    fileprivate static let pieceSize = 65536

    /// Runs the query, and tells the task that passes rows when it is over. Returns how many rows
    /// there were.
    fileprivate func follow(_ query: Query) async throws -> Int {
        do {
            let count = try await query.run().affected
            end(.success(count))
            return count
        } catch {
            end(.failure(error))
            throw error
        }
    }

    nonisolated(nonsending) fileprivate func sendInPieces(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            try await send(Array(rest.prefix(Self.pieceSize)))
            rest = rest.dropFirst(Self.pieceSize)
        }
    }
}
