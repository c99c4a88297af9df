// SPDX-License-Identifier: MIT

internal import Vanilla

/// A query as the task that asks sees it: the operation, and the shard to ask. On the worker's
/// thread.
@usableFromInline
struct Query: Sendable {
    @usableFromInline let operation: Operation
    let shard: Shard

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

    /// It is not asked after all.
    @usableFromInline
    func discard() {
        operation.giveBack()
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

    /// Asks, and waits for the answer.
    @usableFromInline
    nonisolated(nonsending) func run() async throws -> PostgresRows {
        let lease = operation.isLeased ? operation.connection : nil
        // Of what the database says about types every server knows the types.
        let isQuestion = operation.statement === Self.question
        let ticket = operation.ticket
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                // Only now, when there is somebody to resume.
                submit(unsafe operation.begin(continuation))
            }
        } onCancel: {
            shard.worker.run { cancel(ticket) }
        }
        let rows = try operation.takeRows()
        if !isQuestion && rows.hasOtherTypes { await findTypes(of: rows, lease: lease) }
        return rows
    }

    private func submit(_ isWanted: Bool) {
        guard isWanted else { return operation.finish(CancellationError()) }
        do {
            try shard.submit(operation)
        } catch {
            operation.finish(error)
        }
    }

    private func cancel(_ ticket: UInt64) {
        guard ticket == operation.ticket else { return }
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
    /// A query to fill with parameters.
    func makeQuery(_ timeout: Duration?) -> Query {
        Query(operation: makeOperation(timeout), shard: self)
    }
}
