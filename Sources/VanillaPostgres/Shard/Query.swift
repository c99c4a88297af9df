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

    /// Asks, and waits for the answer.
    @usableFromInline
    nonisolated(nonsending) func run() async throws -> PostgresRows {
        let ticket = operation.ticket
        await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { continuation in
                // Only now, when there is somebody to resume.
                submit(unsafe operation.begin(continuation))
            }
        } onCancel: {
            shard.worker.run { cancel(ticket) }
        }
        return try operation.takeRows()
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
