// SPDX-License-Identifier: MIT

import Synchronization
import VanillaPostgres

/// What is asked of the database.
final class Store: Sendable {
    private let pool: PostgresPool
    /// Where the sequence of random numbers is.
    private let random = Atomic<UInt64>(0)

    private static let selectWorld = Statement(
        "select id, randomnumber from world where id = $1", .reads)
    private static let updateWorld = Statement(
        """
        update world set randomnumber = change.number
        from (select unnest($1::int[]) as id, unnest($2::int[]) as number) as change
        where world.id = change.id
        """)
    private static let selectFortunes = Statement("select id, message from fortune", .reads)

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// 1 to 10,000, which are the keys of the table, and the numbers in it. A SplitMix64.
    private func drawNumber() -> Int32 {
        let step: UInt64 = 0x9e37_79b9_7f4a_7c15
        var bits = random.wrappingAdd(step, ordering: .relaxed).newValue
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int32(truncatingIfNeeded: (bits >> 32) &* 10_000 >> 32) + 1
    }

    /// A row at random.
    nonisolated(nonsending) func findRow() async throws -> WorldRow {
        let rows = try await pool.query(Self.selectWorld, drawNumber())
        guard let row = rows.first else { throw MissingRow() }
        return try WorldRow(id: row[0], number: row[1])
    }

    /// So many rows at random, each by a query of its own.
    nonisolated(nonsending) func findRows(_ count: Int) async throws -> [WorldRow] {
        var rows: [WorldRow] = []
        rows.reserveCapacity(count)
        for _ in 0..<count { rows.append(try await findRow()) }
        return rows
    }

    /// Reads so many rows at random, each by a query of its own, and stores a new number in each,
    /// all by one statement. In the order of their keys, so that two requests cannot wait for each
    /// other.
    nonisolated(nonsending) func changeRows(_ count: Int) async throws -> [WorldRow] {
        var rows = try await findRows(count)
        rows.sort { $0.id < $1.id }
        for index in rows.indices { rows[index].number = drawNumber() }
        _ = try await pool.query(
            Self.updateWorld, rows.map { $0.id }, rows.map { $0.number })
        return rows
    }

    /// All fortunes, with one more, by their text.
    nonisolated(nonsending) func listFortunes() async throws -> [Fortune] {
        var fortunes = try await pool.query(Self.selectFortunes).map { row in
            try Fortune(id: row[0], message: row[1])
        }
        fortunes.append(Fortune(id: 0, message: "Additional fortune added at request time."))
        fortunes.sort { $0.message < $1.message }
        return fortunes
    }
}

/// A row of the table `world`.
struct WorldRow {
    var id: Int32
    var number: Int32
}

/// A row of the table `fortune`.
struct Fortune {
    var id: Int32
    var message: String
}

/// The table has a row for each key that is asked for.
struct MissingRow: Error {}
