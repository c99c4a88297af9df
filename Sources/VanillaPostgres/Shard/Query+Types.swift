// SPDX-License-Identifier: MIT

internal import Vanilla

// Results say the types of their columns by numbers. What those mean that differ from database to
// database is asked once, before a task gets the first result that has them: by a query of its own,
// on the lease where the result came from one, as the type may have been made in its transaction.

extension Query {
    /// Gives rows what is known of their types, which is asked for where it is not known. What is
    /// not found out is found out with a later result: this one was had, and is not lost by it.
    nonisolated(nonsending) func findTypes(of rows: PostgresRows) async {
        let catalog = shard.context.types
        let known = catalog.known
        rows.types = known.table
        let types = rows.unknownTypes
        guard !types.isEmpty else { return }
        do {
            let answer = try await ask(types)
            rows.types = try known.table.adding(types, answer)
            catalog.learn(rows.types, after: known)
        } catch {
            let numbers = types.map { String($0.rawValue) }.joined(separator: ", ")
            shard.context.report(
                .warning, "The types \(numbers) could not be looked up: \(error)")
        }
    }

    nonisolated(nonsending) private func ask(_ types: [PostgresType]) async throws -> PostgresRows {
        let query = shard.makeQueryAnywhere(nil, lease)
        query.operation.take(Self.question)
        let numbers = types.map { String($0.rawValue) }.joined(separator: ",")
        try query.encode("{\(numbers)}")
        return try await query.run()
    }

    static let question = Statement(TypeTable.question, .reads)
}
