// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaPostgres

/// Values that go to the server and come back.
@Suite(.serialized, .needsPostgres) struct PostgresValueTests {
    @Test func carriesNumbers() async throws {
        try await roundTrip([true, false], "bool")
        try await roundTrip([0, -1, Int16.min, .max], "int2")
        try await roundTrip([0, -1, Int32.min, .max], "int4")
        try await roundTrip([0, -1, Int64.min, .max], "int8")
        try await roundTrip([0, -1, Int.min, .max], "int8")
        try await roundTrip([0, -1.5, Float.greatestFiniteMagnitude, -.infinity], "float4")
        try await roundTrip([0, -1.5, Double.leastNonzeroMagnitude, .infinity], "float8")
    }

    @Test func carriesTextsAndBytes() async throws {
        try await roundTrip(
            ["", "it's", "h\u{e9}\u{1f600}", String(repeating: "x", count: 100_000)], "text")
        try await roundTrip(["a", "b"], "varchar")
        try await roundTrip([#"{"a": 1}"#], "json")
        try await roundTrip([#"{"a": 1}"#], "jsonb")
        try await roundTrip(
            [[], [0, 1, 255], Array(repeating: 7, count: 70_000)] as [[UInt8]], "bytea")
    }

    @Test func carriesIdentifiersAndMoments() async throws {
        let known = PostgresUUID("00112233-4455-6677-8899-aabbccddeeff")!
        try await roundTrip([known, .random(), PostgresUUID(0)], "uuid")
        try await roundTrip(["00112233-4455-6677-8899-aabbccddeeff"], "uuid")
        try await roundTrip(
            [0, 1, -1, 1_700_000_000_123_456, .max, .min].map {
                PostgresTimestamp(microsecondsSince1970: $0)
            }, "timestamptz")
        try await roundTrip(
            [PostgresTimestamp(HTTPDate(secondsSince1970: 1_700_000_000))], "timestamptz")
    }

    @Test func carriesArrays() async throws {
        try await roundTrip([[], [1], [Int16.min, 0, .max]], "int2[]")
        try await roundTrip([[], [1], [Int32.min, 0, .max]], "int4[]")
        try await roundTrip([[], [1], [Int64.min, 0, .max]], "int8[]")
        try await roundTrip([[], [1, 2, 3]] as [[Int]], "int8[]")
        try await roundTrip([[], [1.5]] as [[Double]], "float8[]")
        try await roundTrip([[], ["", "it's", "{,}\\\""]], "text[]")
        try await roundTrip([[], [.random(), .random()]] as [[PostgresUUID]], "uuid[]")
    }

    /// What docs/POSTGRES.md says of the types of parameters, with the server's own words.
    @Test func saysWhichTypeAParameterWants() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let (errors, found) = try await bench.run { pool in
            var errors: [PostgresError] = []
            do { _ = try await pool.query("select left('abc', $1)", 2) } catch let error
                as PostgresError
            { errors.append(error) }
            do {
                _ = try await pool.query("select 1 where $1 is null or 'a' = $1", "a")
            } catch let error as PostgresError { errors.append(error) }
            let found = try await [
                pool.query("select left('abc', $1::int)", 2)[0][0, as: String.self],
                pool.query("select left('abc', $1)", 2 as Int32)[0][0, as: String.self],
                pool.query("select $1 where $1::text is null or 'a' = $1", "a")[0][
                    0, as: String.self],
            ]
            return (errors, found)
        }
        #expect(errors.map(\.sqlState) == ["42883", "42P08"])
        #expect(errors[0].message == "function left(unknown, bigint) does not exist")
        let hint = try #require(errors[0].hint)
        #expect(errors[0].description.hasSuffix(" Hint: \(hint)"))
        #expect(errors[1].message == "could not determine data type of parameter $1")
        #expect(found == ["ab", "ab", "a"])
    }

    @Test func findsByArrays() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let found = try await bench.run { pool in
            let rows = try await pool.query(
                "select n from generate_series(1, 10) n where n = any($1) order by 1",
                [3, 5, 99] as [Int32])
            return try rows.map { row in try row[0, as: Int.self] }
        }
        #expect(found == [3, 5])
    }

    @Test(arguments: [
        ("select 12345.678::numeric", "12345.678"), ("select -0.00012::numeric", "-0.00012"),
        ("select 100000000::numeric", "100000000"), ("select 0::numeric", "0"),
        ("select 'NaN'::numeric", "NaN"), ("select 1.10::numeric(10, 4)", "1.1000"),
        ("select sum(n) from generate_series(1::int8, 100000) n", "5000050000"),
        ("select '{}'::json", "{}"), ("select 'x'::name", "x"), ("select 'ab'::char(4)", "ab  "),
    ])
    func readsAsText(sql: String, text: String) async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let found: String = try await bench.run { pool in try await pool.query(sql)[0][0] }
        #expect(found == text)
    }

    @Test func readsWhatIsNarrowerAndMoments() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                """
                select 7::int2 as small, 8::int4, 9::oid, 1.5::float4, 2.25::numeric,
                    '2024-02-29'::date, '1969-12-31 23:59:59.5'::timestamp, 'infinity'::date
                """)[0]
            let numbers: (Int, Int64, Int32) = try (row["small"], row[1], row[2])
            #expect(numbers == (7, 8, 9))
            let fractions: (Double, Double) = try (row[3], row[4])
            #expect(fractions == (1.5, 2.25))
            let day: PostgresTimestamp = try row[5]
            #expect(HTTPDate(day).description == "Thu, 29 Feb 2024 00:00:00 GMT")
            let before: PostgresTimestamp = try row[6]
            #expect(before.microsecondsSince1970 == -500_000)
            let never: PostgresTimestamp = try row[7]
            #expect(never.microsecondsSince1970 == .max)
            // The last day that a date can be, and the last that microseconds can tell.
            let last = try await pool.query("select '5874897-12-31'::date, '294246-12-31'::date")[0]
            #expect(throws: PostgresError.self) { try last[0, as: PostgresTimestamp.self] }
            let told: PostgresTimestamp = try last[1]
            #expect(told.microsecondsSince1970 == 9_223_371_158_400_000_000)
        }
    }

    /// Also where the database, or the connection string, has another zone.
    @Test func readsAndWritesMomentsAsUTC() async throws {
        let connection = try database.get().connectionString
        let bench = try Bench(connection + " options='-c TimeZone=America/New_York'")
        defer { bench.stop() }
        try await bench.run { pool in
            let moment = PostgresTimestamp(microsecondsSince1970: 1_700_000_000_123_456)
            let row = try await pool.query(
                "select $1::timestamptz, $1::timestamptz::timestamp, $1::timestamptz::date", moment)[
                    0]
            let (zoned, plain): (PostgresTimestamp, PostgresTimestamp) = try (row[0], row[1])
            #expect(zoned == moment && plain == moment)
            let day: PostgresTimestamp = try row[2]
            #expect(day.microsecondsSince1970 == 1_699_920_000_000_000)
        }
    }

    @Test func saysWhatAColumnIsNot() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                "select 'x'::text, 70000::int4, null::int4, array[1, null]::int4[], array[[1], [2]]"
            )[0]
            func refuses<Value: PostgresDecodable>(_ column: Int, _: Value.Type) -> Bool {
                do {
                    _ = try row[column, as: Value.self]
                    return false
                } catch {
                    return error.kind == .decoding
                }
            }
            #expect(refuses(0, Int.self))
            #expect(refuses(0, Bool.self))
            #expect(refuses(0, [UInt8].self))
            #expect(refuses(0, PostgresUUID.self))
            #expect(refuses(0, PostgresTimestamp.self))
            #expect(refuses(0, Double.self))
            #expect(refuses(0, [String].self))
            #expect(refuses(1, Int16.self))
            #expect(refuses(1, String.self))
            #expect(refuses(2, Int.self))
            #expect(refuses(2, String.self))
            #expect(refuses(3, [Int32].self))
            #expect(refuses(4, [Int32].self))
            #expect(refuses(5, Int.self))
            #expect(refuses(-1, Int.self))
            let none = try await pool.query("select 1 where false")
            #expect(none.isEmpty && none.first == nil)
            #expect(throws: PostgresError.self) { _ = try none[0][0] as Int }
            #expect(throws: PostgresError.self) { _ = try none[-1][0] as Int }
            let nothing: Int? = try row[2]
            #expect(nothing == nil)
        }
    }

    @Test func refusesWhatCannotBeSent() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            await #expect(throws: PostgresError.self) { try await pool.query("select $1", "a\0b") }
            await #expect(throws: PostgresError.self) {
                try await pool.query("select $1::text[]", ["a", "b\0"])
            }
            for sql in ["select 1\0 garbage", "\0"] {
                await #expect(throws: PostgresError.self) { try await pool.query(sql) }
                await #expect(throws: PostgresError.self) {
                    try await pool.query(Statement(sql, .reads))
                }
            }
            // What failed halfway leaves nothing behind.
            let text: String = try await pool.query("select $1::text", "fine")[0][0]
            #expect(text == "fine")
        }
    }

    /// The server would end the connection for the size of the message.
    @Test func refusesAGigabyte() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let process: Int = try await pool.query("select pg_backend_pid()")[0][0]
            let bytes = Array(repeating: 7 as UInt8, count: 1 << 30)
            func expectRefusal(_ body: () async throws -> PostgresRows) async {
                do {
                    _ = try await body()
                    Issue.record("It was sent.")
                } catch {
                    #expect((error as? PostgresError)?.kind == .encoding)
                }
            }
            await expectRefusal { try await pool.query("select $1", bytes) }
            await expectRefusal { try await pool.query("select $1", [[1], bytes]) }
            await expectRefusal { try await pool.query("select $1, $2", 1, Optional(bytes)) }
            let sql = String(decoding: bytes, as: UTF8.self)
            await expectRefusal { try await pool.query(sql) }
            await expectRefusal { try await pool.query(Statement(sql, .reads)) }
            let same: Int = try await pool.query("select pg_backend_pid()")[0][0]
            #expect(same == process)
        }
        #expect(bench.pool.statistics.attempts == 1 && bench.pool.statistics.losses == 0)
    }

    @Test func showsBytesWhereTheyAre() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let text = try await bench.run { pool in
            let row = try await pool.query("select 'abc'")[0]
            return String(try row.cell(0).bytes)
        }
        #expect(text == "abc")
    }

    @Test func readsUUIDs() {
        #expect(
            PostgresUUID("00112233-4455-6677-8899-AABBCCDDEEFF")?.description
                == "00112233-4455-6677-8899-aabbccddeeff")
        for wrong in [
            "", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeefg",
            "001122334455-6677-8899-aabbccddeeff0",
        ] {
            #expect(PostgresUUID(wrong) == nil)
        }
        let random = PostgresUUID.random().description
        #expect(Array(random)[14] == "4" && "89ab".contains(Array(random)[19]))
    }
}
