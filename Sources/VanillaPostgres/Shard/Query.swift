// SPDX-License-Identifier: MIT

internal import Vanilla

/// A query as the task that asks sees it: the operation, and the shard to ask. On any thread, which
/// has the operation for itself until the query runs.
@usableFromInline
struct Query: Sendable {
    @usableFromInline let operation: Operation
    let shard: Shard
    /// The connection that is leased for it; nil where it is asked on a shared one.
    let lease: Lease?

    /// What its parameters are written to before it runs.
    @usableFromInline var parameters: PostgresParameters { operation.parameters }

    /// Writes its parameters. It is discarded when one cannot be.
    @inlinable
    func encode<each Parameter: PostgresEncodable>(
        _ values: repeat each Parameter
    ) throws {
        do {
            repeat try (each values).encode(into: parameters)
        } catch {
            discard()
            throw error
        }
    }

    /// It is not asked after all. One that was made on another thread goes with this.
    @usableFromInline
    func discard() {
        if shard.worker.isCurrent { operation.giveBack() }
    }

    /// Writes parameters whose number is known only at run time.
    @usableFromInline
    func encode(list values: [any PostgresEncodable]) throws {
        do {
            for value in values { try value.encode(into: parameters) }
        } catch {
            discard()
            throw error
        }
    }

    /// Asks, and waits for the answer: on the shard's worker, wherever the caller is and comes back
    /// to. The operation is the shard's from when it is submitted.
    @usableFromInline
    nonisolated(nonsending) func run() async throws -> PostgresRows {
        // Of what the database says about types every server knows the types.
        let isQuestion = operation.statement === Self.question
        let ticket = operation.ticket
        let rows: PostgresRows
        do {
            defer { operation.handover.take() }
            rows = try await withTaskCancellationHandler {
                try await unsafe withUnsafeThrowingContinuation { continuation in
                    // Only now, when there is somebody to resume.
                    if shard.worker.isCurrent { return unsafe submit(continuation) }
                    shard.worker.run {
                        // Where the worker has ended, it has given back what it had.
                        if shard.worker.isCurrent { return unsafe submit(continuation) }
                        unsafe continuation.resume(throwing: RequestError.workerStops)
                    }
                }
            } onCancel: {
                shard.worker.run { cancel(ticket) }
            }
        }
        if !isQuestion && rows.hasOtherTypes { await findTypes(of: rows) }
        return rows
    }

    @unsafe
    private func submit(_ continuation: UnsafeContinuation<PostgresRows, any Error>) {
        guard unsafe operation.begin(continuation) else {
            return operation.finish(CancellationError())
        }
        do {
            try lease?.check()
            try shard.submit(operation)
        } catch {
            operation.finish(error)
        }
    }

    private func cancel(_ ticket: UInt64) {
        guard shard.worker.isCurrent, ticket == operation.ticket else { return }
        switch operation.phase {
        case .idle: operation.cancelBeforeAsking()
        case .unsent:
            shard.forget(operation)
            operation.finish(CancellationError())
        case .sent: shard.connection(of: operation)?.cancel(operation)
        case .done: break
        }
    }
}

extension Shard {
    /// A query to fill with parameters, to be asked on a shared connection. On the worker's thread.
    func makeQuery(_ timeout: Duration?) -> Query {
        Query(operation: makeOperation(timeout), shard: self, lease: nil)
    }

    /// The same on any thread, and where a connection is leased for it, to be asked on that one.
    @inline(never)
    func makeQueryAnywhere(_ timeout: Duration?, _ lease: Lease? = nil) -> Query {
        let operation = worker.isCurrent ? makeOperation(timeout) : makeOperationElsewhere(timeout)
        if let lease { operation.lease(lease.number) }
        return Query(operation: operation, shard: self, lease: lease)
    }
}
