// SPDX-License-Identifier: MIT

import Vanilla
import VanillaPostgres

/// Two that make the table at the same time would be in each other's way, so they take turns; the
/// number means this and nothing else in this database.
private let makeTable = """
    do $$
    begin
        perform pg_advisory_xact_lock(5435);
        create table if not exists users (id serial primary key, name text not null);
    end
    $$
    """

/// A handler that finds the table. Where it is missing it is made, and the handler is called once
/// more; it answers when its query has succeeded, so that it has not answered then.
///
/// What the database has no time or room for is answered 503.
func withTable(
    of pool: PostgresPool, _ handler: @escaping Server.AsyncHandler
) -> Server.AsyncHandler {
    { request, response in
        do {
            do {
                try await handler(request, &response)
            } catch let error as PostgresError where error.saysTableIsMissing {
                _ = try await pool.query(makeTable)
                try await handler(request, &response)
            }
        } catch let error as PostgresError where error.isTemporary {
            throw RequestError(
                .serviceUnavailable, "The database is too busy now.", retryAfter: 1, cause: error)
        }
    }
}

extension PostgresError {
    fileprivate var saysTableIsMissing: Bool { sqlState == "42P01" }

    /// It took too long and was cancelled, or the server has too little of something.
    fileprivate var isTemporary: Bool { sqlState == "57014" || sqlState.hasPrefix("53") }
}
