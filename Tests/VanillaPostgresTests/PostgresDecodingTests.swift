// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// An enumeration that says nothing of PostgreSQL.
private enum Mood: String, Decodable {
    case happy
    case sad
}

private enum Level: Int, Decodable {
    case low = 1
    case high = 2
}

private struct Identifier: RawRepresentable, Hashable, Decodable {
    var rawValue: UInt32
}

private struct User: Decodable, Equatable {
    var id: Identifier
    var name: String?
    var mood: Mood
    var level: Level?
    var tags: [String]
    var moods: [Mood?]
    var isAdmin: Bool
    var score: Double
    var since: PostgresTimestamp
    var key: PostgresUUID
    /// Of which there is no column.
    var nickname: String?
}

/// Rows as types of a program: `Decodable` ones, and tuples.
@Suite(.serialized, .needsPostgres) struct PostgresDecodingTests {
    private func withPool(
        _ body: @escaping @Sendable (PostgresPool) async throws -> Void
    ) async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run(body)
    }

    private static let users = """
        select 7 as id, null::text as name, 'sad' as mood, 2::int2 as level,
            array['a', 'b'] as tags, array['happy', null] as moods, true as "isAdmin",
            1.5::float4 as score, '1970-01-01 00:00:01Z'::timestamptz as since,
            '00112233-4455-6677-8899-aabbccddeeff'::uuid as key, 1 as more
        """
    private static let user = User(
        id: Identifier(rawValue: 7), name: nil, mood: .sad, level: .high, tags: ["a", "b"],
        moods: [.happy, nil], isAdmin: true, score: 1.5,
        since: PostgresTimestamp(microsecondsSince1970: 1_000_000),
        key: PostgresUUID(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff), nickname: nil)

    @Test func makesATypeOfEachRow() async throws {
        try await withPool { pool in
            let rows = try await pool.query(Self.users + " from generate_series(1, 3)")
            let users = try rows.decode(User.self)
            #expect(users == [Self.user, Self.user, Self.user])
            #expect(try rows[2].decode(User.self) == Self.user)
            let inferred: User = try rows[0].decode()
            #expect(inferred == Self.user)
            #expect(try await pool.query(Self.users + " where false").decode(User.self).isEmpty)
        }
    }

    // MARK: - On pools and leases

    private func count(
        in database: some PostgresDatabase, from first: Int
    ) async throws -> [Int] {
        let rows = try await database.query("select $1::int8", first)
        let prepared = try await database.query(Statement("select $1::int8", .reads), first)
        let list = try await database.query("select $1::int8", parameters: [first])
        let other = try await database.query(
            Statement("select $1::int8", .reads), parameters: [first], timeout: .seconds(9))
        return try [rows, prepared, list, other].flatMap { try $0.decode(Int.self) }
    }

    @Test func asksAPoolAndALeaseForThem() async throws {
        try await withPool { pool in
            let statement = Statement(Self.users + " where 1 = $1", .reads)
            #expect(try await pool.query(statement, 1, as: User.self) == [Self.user])
            #expect(try await pool.query(statement, 2, as: User.self, timeout: .seconds(9)).isEmpty)
            #expect(try await pool.query(Self.users, as: User.self).first == Self.user)
            #expect(try await count(in: pool, from: 5) == [5, 5, 5, 5])
            let number = try await pool.query("select $1::int8, 'x'", 3, as: (Int, String).self)
            #expect(number.count == 1 && number[0] == (3, "x"))
            try await pool.withTransaction { lease in
                #expect(try await lease.query(statement, 1, as: User.self) == [Self.user])
                #expect(try await lease.query(Self.users, as: User.self).count == 1)
                #expect(try await count(in: lease, from: 6) == [6, 6, 6, 6])
                for (id, mood) in try await lease.query(
                    Statement("select 1, $1::text"), "y", as: (Int, String?).self)
                {
                    #expect(id == 1 && mood == "y")
                }
                let any: any PostgresDatabase = lease
                #expect(try await any.query("select 1", as: Int.self) == [1])
                #expect(try await any.query(Self.users, as: User.self) == [Self.user])
            }
        }
    }

    // MARK: - Tuples

    private static func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "It was read."
        } catch let error as PostgresError {
            #expect(error.kind == .decoding)
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test func makesATupleOfEachRow() async throws {
        try await withPool { pool in
            let rows = try await pool.query(
                "select n as id, nullif('x' || n, 'x2') as name from generate_series(1, 2) n")
            let pairs = try rows.decode((Int, String?).self)
            #expect(pairs.count == 2 && pairs[0] == (1, "x1") && pairs[1] == (2, nil))
            let (id, name) = try rows[0].decode((Int16, String).self)
            #expect(id == 1 && name == "x1")
            #expect(
                Self.message { _ = try rows.decode((Int, String).self) }
                    == "Column 1 (name) is NULL; wanted: String.")
            #expect(
                Self.message { _ = try rows[0].decode((Int, Bool).self) }
                    == "Column 1 (name) is of the type text, of 2 bytes; wanted: Bool.")
            for body in [
                { _ = try rows.decode(Int.self) }, { _ = try rows[0].decode((Int).self) },
            ] as [() throws -> Void] {
                #expect(Self.message(body) == "The result has 2 columns; wanted: Int.")
            }
            #expect(
                Self.message { _ = try rows.decode((Int, String?, Bool).self) }
                    == "The result has 2 columns; wanted: (Int, Optional<String>, Bool).")
            // A row that is not there, and none at all.
            let gone = Self.message { _ = try rows[2].decode((Int, String?).self) }
            #expect(gone.contains("row 2"))
            let none = try await pool.query("select 1, 2 where false")
            #expect(try none.decode((Int, Int).self).isEmpty)
            #expect(Self.message { _ = try none.decode(Int.self) }.contains("2 columns"))
        }
    }

    /// Where nothing but `Decodable` is known of a type.
    private static func decode<Value: Decodable>(
        _ rows: PostgresRows, _: Value.Type
    ) throws -> [Value] {
        try rows.decode(Value.self)
    }

    @Test func makesSingleValuesOfRows() async throws {
        try await withPool { pool in
            let rows = try await pool.query("select n from generate_series(1, 3) n")
            #expect(try rows.decode(Int.self) == [1, 2, 3])
            #expect(try rows.decode(Int?.self) == [1, 2, 3])
            #expect(try rows.decode(Identifier.self).map { $0.rawValue } == [1, 2, 3])
            #expect(try Self.decode(rows, Int.self) == [1, 2, 3])
            #expect(try Self.decode(rows, UInt8?.self) == [1, 2, 3])
            let moods = try await pool.query("select 'sad' as mood union all select null")
            #expect(try moods.decode(Mood?.self) == [.sad, nil])
            let lists = try await pool.query("select array['sad'], 1")
            #expect(
                Self.message { _ = try lists.decode([Mood].self) }
                    == "The result has 2 columns; wanted: Array<Mood>.")
            let list = try await pool.query("select array['sad', 'happy']")
            #expect(try list.decode([Mood].self) == [[.sad, .happy]])
            let dictionary = try await pool.query("select 1 as a, null::int as b")
            #expect(try dictionary.decode([String: Int?].self) == [["a": 1, "b": nil]])
        }
    }

    // MARK: - Names

    private struct Address: Decodable, Equatable {
        var streetName: String
        var houseNumber: Int8?
    }

    private class Person: Decodable {
        var firstName: String

        private enum CodingKeys: String, CodingKey {
            case firstName
        }
    }

    private final class Member: Person {
        var userID: Int

        private enum CodingKeys: String, CodingKey {
            case userID
        }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            userID = try container.decode(Int.self, forKey: .userID)
            try super.init(from: container.superDecoder())
        }
    }

    @Test func findsColumnsInSnakeCase() async throws {
        try await withPool { pool in
            let rows = try await pool.query("select 'a' as street_name, 7 as house_number")
            let address = Address(streetName: "a", houseNumber: 7)
            #expect(try rows.decode(Address.self, columns: .snakeCase) == [address])
            #expect(try rows[0].decode(Address.self, columns: .snakeCase) == address)
            let asked = try await pool.query(
                Statement("select 'a' as street_name"), as: Address.self, columns: .snakeCase)
            #expect(asked == [Address(streetName: "a")])
            #expect(
                Self.message { _ = try rows.decode(Address.self, columns: .exact) }
                    == "There is no column streetName; wanted: String."
                    + " There is street_name, which columns: .automatic finds.")
            #expect(
                Self.message { _ = try rows.decode(Member.self) }
                    == "There is no column userID or user_id; wanted: Int.")
            let member = try await pool.query(
                "select 1 as user_id, 'b' as first_name", as: Member.self, columns: .snakeCase)
            #expect(member.map { $0.userID } == [1] && member.map { $0.firstName } == ["b"])
            // The name itself is the better one, wherever it stands.
            let both = try await pool.query(
                "select 'a' as street_name, 'b' as \"streetName\", 7 as house_number")
            #expect(try both.decode(Address.self) == [Address(streetName: "b", houseNumber: 7)])
            #expect(try both.decode(Address.self, columns: .snakeCase) == [address])
            #expect(try rows.decode(Address.self) == [address])
        }
        let names = [
            "id": "id", "createdAt": "created_at", "userID": "user_id", "created_at": "created_at",
            "homeURLText": "home_url_text", "HTTPStatus": "http_status", "line2Text": "line2_text",
            "": "", "A": "a", "_id": "_id", "überName": "über_name",
        ]
        for (key, name) in names { #expect(PostgresColumnNames.snakeCase.columns(key) == [name]) }
        #expect(PostgresColumnNames.exact.columns("createdAt") == ["createdAt"])
        #expect(PostgresColumnNames.automatic.columns("createdAt") == ["createdAt", "created_at"])
        #expect(PostgresColumnNames.automatic.columns("id") == ["id"])
    }

    @Test func takesTheFirstOfColumnsWithOneName() async throws {
        try await withPool { pool in
            let rows = try await pool.query("select 1 as id, 2 as id")
            #expect(try rows.decode([String: Int].self) == [["id": 1]])
        }
    }

    // MARK: - Composites

    private struct House: Decodable, Equatable {
        var address: Address
        var others: [Address]
        var last: Address?
    }

    @Test func makesNestedTypesOfComposites() async throws {
        try await withPool { pool in
            try await pool.withTransaction { lease in
                _ = try await lease.query(
                    "create type address as (street_name text, house_number int4)")
                let rows = try await lease.query(
                    """
                    select ('a', 1)::address as address, null::address as last,
                        array[('b', null), ('c', 3)]::address[] as others
                    """)
                let house = House(
                    address: Address(streetName: "a", houseNumber: 1),
                    others: [
                        Address(streetName: "b"), Address(streetName: "c", houseNumber: 3),
                    ])
                #expect(try rows.decode(House.self, columns: .snakeCase) == [house])
                #expect(
                    Self.message { _ = try rows.decode(House.self, columns: .exact) }
                        == "address: There is no field streetName; wanted: String."
                        + " There is street_name, which columns: .automatic finds.")
                #expect(try rows.decode(House.self) == [house])
                let wrong = try await lease.query(
                    """
                    select ('a', 1000)::address as address, array[(null, 1)]::address[] as others
                    """)
                #expect(
                    Self.message { _ = try wrong.decode(House.self, columns: .snakeCase) }
                        == "address.houseNumber: Part 1 of column 0 is of the type int4, of 4 bytes;"
                        + " wanted: Int8.")
                let other = try await lease.query(
                    """
                    select ('a', 1)::address as address, array[(null, 1)]::address[] as others
                    """)
                #expect(
                    Self.message { _ = try other.decode(House.self, columns: .snakeCase) }
                        == "others.0.streetName: Part 0 of column 1 is NULL; wanted: String.")
                let flat = try await lease.query("select 'a' as address")
                #expect(
                    Self.message { _ = try flat.decode(House.self) }
                        == "Column 0 (address) is of the type text, of 1 bytes; wanted: Address.")
            }
        }
    }

    // MARK: - Errors

    private struct Wanted<Value: Decodable>: Decodable {
        var value: Value
    }

    @Test func saysWhichColumnIsNotWhatWasWanted() async throws {
        @Sendable func message<Value: Decodable>(
            _ rows: PostgresRows, _: Value.Type
        ) -> String {
            Self.message { _ = try rows.decode(Wanted<Value>.self) }
        }
        try await withPool { pool in
            let text = try await pool.query("select 1, 'angry' as value")
            let wrong = "Column 1 (value) is of the type text, of 5 bytes; wanted: "
            #expect(message(text, Int.self) == wrong + "Int.")
            #expect(message(text, UInt8.self) == wrong + "UInt8.")
            #expect(message(text, Level.self) == wrong + "Level.")
            #expect(message(text, Bool?.self) == wrong + "Bool.")
            #expect(message(text, [Mood].self) == wrong + "Array<Mood>.")
            #expect(message(text, [Int].self) == wrong + "Array<Int>.")
            #expect(message(text, [String: Int].self) == wrong + "Dictionary<String, Int>.")
            #expect(
                message(text, Mood.self)
                    == "Column value: Cannot initialize Mood from invalid String value angry")
            let null = try await pool.query("select null::text as value")
            #expect(message(null, String.self) == "Column 0 (value) is NULL; wanted: String.")
            #expect(message(null, Mood.self) == "Column 0 (value) is NULL; wanted: Mood.")
            #expect(try null.decode(Wanted<Mood?>.self)[0].value == nil)
            let numbers = try await pool.query("select array[1, null, 300] as value")
            #expect(
                message(numbers, [Int].self)
                    == "Part 1 of column 0 (value) is NULL; wanted: Int.")
            #expect(
                message(numbers, [UInt16].self)
                    == "value.1: Part 1 of column 0 is NULL; wanted: UInt16.")
            #expect(
                message(numbers, [Int8?].self)
                    == "value.2: Part 2 of column 0 is of the type int4, of 4 bytes;"
                    + " wanted: Optional<Int8>.")
            let missing = try await pool.query("select 1 as other")
            #expect(message(missing, Int.self) == "There is no column value; wanted: Int.")
            // An error of the type's own is that.
            #expect(throws: CancellationError.self) { try missing.decode(Failing.self) }
        }
    }

    private struct Failing: Decodable {
        init(from decoder: any Decoder) throws { throw CancellationError() }
    }
}
