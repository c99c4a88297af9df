// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

private enum Mood: String, PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    case happy
    case sad
}

/// Types that a database has of its own, and types of the server beyond numbers and texts.
@Suite(.serialized, .needsPostgres) struct PostgresTypeTests {
    /// Calls `body` with a pool on a database in which these types were made: not where the system
    /// has no such extension.
    private func withTypes(
        _ statements: [String], extensions: [String] = [],
        _ body: @escaping @Sendable (PostgresPool) async throws -> Void
    ) async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            _ = try await pool.query("drop schema if exists typing cascade")
            _ = try await pool.query("create schema typing")
            for name in extensions {
                let known = try await pool.query(
                    "select 1 from pg_available_extensions where name = $1", name)
                guard !known.isEmpty else { return }
                _ = try await pool.query("create extension \(name) schema typing")
            }
            for statement in statements { _ = try await pool.query(statement) }
            do {
                try await body(pool)
            } catch {
                Issue.record(error)
            }
            _ = try await pool.query("drop schema typing cascade")
        }
        #expect(!bench.log.values.contains { $0.contains("looked up") })
    }

    private static func message<Value: PostgresDecodable>(
        _ row: PostgresRow, _ column: Int, as _: Value.Type
    ) -> String {
        do {
            let value = try row[column, as: Value.self]
            return "\(value)"
        } catch {
            #expect(error.kind == .decoding)
            return error.message
        }
    }

    private static let pair = "create type typing.pair as (name text, size int4)"
    private static let mood = "create type typing.mood as enum ('happy', 'sad')"

    @Test func namesATypeThatATextIsNotMadeOf() async throws {
        let statements = [
            Self.pair, "create type typing.span as range (subtype = float8)",
            "create domain typing.plain as typing.pair",
        ]
        let query = """
            select ('hello', 7)::typing.pair, '[1,2)'::typing.span,
                array[('a', 1)]::typing.pair[], (1, 'x'), '12:00'::time, ('a', 1)::typing.plain,
                '0/0'::pg_lsn
            """
        let names = [
            "typing.pair (composite)", "typing.span (range)", "typing.pair[]", "record", "time",
            "typing.pair (composite)", "pg_lsn",
        ]
        try await expectNoTexts(query, names, statements)
    }

    @Test func namesATypeOfAnExtension() async throws {
        try await expectNoTexts(
            "select 'a=>1'::typing.hstore, 'a.b'::typing.ltree, array['a.b'::typing.ltree]",
            ["typing.hstore", "typing.ltree", "typing.ltree[]"], [],
            extensions: ["hstore", "ltree"])
    }

    private func expectNoTexts(
        _ query: String, _ names: [String], _ statements: [String], extensions: [String] = []
    ) async throws {
        try await withTypes(statements, extensions: extensions) { pool in
            let row = try await pool.query(query)[0]
            for (column, name) in names.enumerated() {
                let message = Self.message(row, column, as: String.self)
                #expect(message.hasPrefix("Column \(column)"))
                #expect(message.contains(" is of the type \(name), of "))
                #expect(message.hasSuffix("wanted: String."))
            }
        }
    }

    @Test func readsTheServersTextOfAnythingWhereThatIsAskedFor() async throws {
        try await withTypes([Self.pair]) { pool in
            let sql = """
                select ('hello', 7)::typing.pair, 12345678, null::int4, '{1,2}'::int4[],
                    '1 day'::interval, $1::int4
                """
            for effect in [Statement.Effect.reads, .writes] {
                let texts = Statement(sql, effect, results: .texts)
                for _ in 0..<2 {
                    let row = try await pool.query(texts, 5 as Int32)[0]
                    let found = try (0..<6).map { try row[$0, as: String?.self] }
                    #expect(found == ["(hello,7)", "12345678", nil, "{1,2}", "1 day", "5"])
                    // Eight bytes, but not those of a number.
                    #expect(Self.message(row, 1, as: Int.self).contains("text"))
                    #expect(row.rows.type(of: 1) == .int4)
                }
            }
            // And on a lease.
            let text: String = try await pool.withConnection { lease in
                try await lease.query(Statement(sql, results: .texts), 5 as Int32)[0][0]
            }
            #expect(text == "(hello,7)")
        }
    }

    @Test func readsTextsOfOtherNames() async throws {
        let statements = [
            Self.mood, "create domain typing.email as typing.citext check (value ~ '@')",
            "create domain typing.whole as numeric check (value = trunc(value))",
        ]
        try await withTypes(statements, extensions: ["citext"]) { pool in
            let row = try await pool.query(
                """
                select 'sad'::typing.mood, array['happy', null, 'sad']::typing.mood[],
                    'Ab'::typing.citext, array['Ab', 'c']::typing.citext[],
                    'a@b'::typing.email, array['a@b']::typing.email[], '{}'::typing.mood[],
                    array[7, 8]::typing.whole[], 'sad'::typing.mood::text
                """)[0]
            let moods: (Mood, [Mood?], [Mood]) = try (row[0], row[1], row[6])
            #expect(moods.0 == .sad && moods.1 == [.happy, nil, .sad] && moods.2.isEmpty)
            let texts: (String, [String], String, [String]) = try (row[2], row[3], row[4], row[5])
            #expect(texts == ("Ab", ["Ab", "c"], "a@b", ["a@b"]))
            let numbers: ([Int], [Double], [String]) = try (row[7], row[7], row[7])
            #expect(numbers == ([7, 8], [7, 8], ["7", "8"]))
            #expect(try row[8, as: Mood.self] == .sad)
            #expect(Self.message(row, 2, as: Mood.self).contains("a value that Mood does not have"))
            // An empty array of texts is none of numbers.
            #expect(Self.message(row, 6, as: [Int].self).contains("typing.mood[]"))

            let sent = try await pool.query(
                "select $1::typing.mood = 'happy', 'sad' = any($2::typing.mood[])", Mood.happy,
                [Mood.sad])[0]
            #expect(try sent[0, as: Bool.self] && sent[1, as: Bool.self])
        }
    }

    @Test func readsComposites() async throws {
        let statements = [
            Self.mood, Self.pair, "create domain typing.plain as typing.pair",
            "create table typing.owner (id int4, gone int4, pet typing.pair, moods typing.mood[])",
            "alter table typing.owner drop column gone",
            "insert into typing.owner values (1, ('Rex', 7), '{sad}'), (2, null, null)",
        ]
        try await withTypes(statements) { pool in
            let rows = try await pool.query("select o from typing.owner o order by id")
            let owner: PostgresComposite = try rows[0][0]
            #expect(owner.fieldNames == ["id", "pet", "moods"] && owner.count == 3)
            #expect(try owner["id", as: Int.self] == 1)
            #expect(try owner["moods", as: [Mood].self] == [.sad])
            let pet: PostgresComposite = try owner["pet"]
            let (name, size): (String, Int?) = try (pet["name"], pet[1])
            #expect(name == "Rex" && size == 7)
            let other: PostgresComposite = try rows[1][0]
            #expect(try other[1, as: PostgresComposite?.self] == nil)
            #expect(throws: PostgresError.self) { try other["gone", as: Int?.self] }
            #expect(throws: PostgresError.self) { try other[3, as: Int?.self] }
            do {
                _ = try pet[0, as: Int.self]
                Issue.record("A text is no number.")
            } catch let error as PostgresError {
                #expect(error.message.hasPrefix("Part 0 of column 0 is of the type text"))
            }

            let row = try await pool.query(
                """
                select row(1, 'happy'::typing.mood, null::text),
                    array[('a', 1), null]::typing.pair[], ('b', 2)::typing.plain, row()
                """)[0]
            let record: PostgresComposite = try row[0]
            #expect(record.count == 3 && record.fieldNames.isEmpty)
            #expect(try record[1, as: Mood.self] == .happy && record[2, as: String?.self] == nil)
            let pairs: [PostgresComposite?] = try row[1]
            #expect(try pairs[0]?["name", as: String.self] == "a" && pairs[1] == nil)
            let plain: PostgresComposite = try row[2]
            #expect(try plain["size"] == 2)
            #expect(try row[3, as: PostgresComposite.self].count == 0)

            // Sent, it is of the type that it was read from.
            let grown: Int = try await pool.query("select ($1).size + 1", plain)[0][0]
            #expect(grown == 3)
            let nothing: PostgresComposite? = try await pool.query(
                "select $1::typing.pair", PostgresComposite?.none)[0][0]
            #expect(nothing == nil)
            await #expect(throws: PostgresError.self) {
                try await pool.query("select $1::typing.pair[]", [plain])
            }
        }
    }

    @Test func asksForATypeOnce() async throws {
        try await withTypes([Self.mood, Self.pair]) { pool in
            let first = Statement("select 'sad'::typing.mood", .reads)
            for _ in 0..<3 {
                #expect(try await pool.query(first)[0][0] as String == "sad")
            }
            // What a type is made of is known with it.
            let pairs = Statement("select array[('a', 1)]::typing.pair[]", .reads)
            let before = pool.statistics.queries
            for _ in 0..<3 { _ = try await pool.query(pairs) }
            _ = try await pool.query("select ('a', 1)::typing.pair")
            #expect(pool.statistics.queries - before == 5)
            // Nothing is asked where there is nothing to read.
            let none = pool.statistics.queries
            _ = try await pool.query("select null::xid where false")
            #expect(pool.statistics.queries - none == 1)
        }
    }

    @Test func knowsATypeThatItsTransactionMade() async throws {
        try await withTypes([]) { pool in
            try await pool.withTransaction { lease in
                _ = try await lease.query(Self.mood)
                let mood: Mood = try await lease.query("select 'sad'::typing.mood")[0][0]
                #expect(mood == .sad)
                // Whose fields only the transaction that made it can tell so far.
                _ = try await lease.query(Self.pair)
                let pair: PostgresComposite = try await lease.query(
                    "select ('a', 7)::typing.pair")[0][0]
                #expect(try pair["size"] == 7)
            }
        }
    }

    /// The next server may be another one, with other types under the same numbers.
    @Test func forgetsTypesWithALostConnection() async throws {
        let bench = try Bench { $0.maximum = 1 }
        defer { bench.stop() }
        try await bench.run { pool in
            let made = try await pool.query("select '0/0'::pg_lsn")
            #expect(Self.message(made[0], 0, as: String.self).contains("pg_lsn"))
            let shard = try #require(try pool.table.find(in: nil))
            #expect(shard.context.types.known.table.knows(made.type(of: 0)))
            let process: Int = try await pool.query("select pg_backend_pid()")[0][0]
            try ask("select pg_terminate_backend(\(process))", of: database.get())
            #expect(try await eventually { pool.statistics.losses == 1 })
            #expect(!shard.context.types.known.table.knows(made.type(of: 0)))
        }
    }

    // MARK: - Types of every server

    @Test func carriesArraysWithNothingInThem() async throws {
        try await roundTrip([[], [nil], [1, nil, 3]] as [[Int?]], "int8[]")
        try await roundTrip([["a", nil, ""]] as [[String?]], "text[]")
        try await roundTrip([[nil, true, false]] as [[Bool?]], "bool[]")
        try await roundTrip([[[1, 2], nil, []]] as [[[UInt8]?]], "bytea[]")
    }

    @Test func carriesArraysOfMoreTypes() async throws {
        try await roundTrip([[], [true, false]] as [[Bool]], "bool[]")
        try await roundTrip([[], [1.5, -.infinity]] as [[Float]], "float4[]")
        try await roundTrip([[], [1.5, -.infinity]] as [[Double]], "float8[]")
        try await roundTrip([[], [[], [0, 255]]] as [[[UInt8]]], "bytea[]")
        let moments = [0, 1_700_000_000_123_456].map {
            PostgresTimestamp(microsecondsSince1970: $0)
        }
        try await roundTrip([[], moments], "timestamptz[]")
        try await roundTrip([[PostgresInterval(months: 1)]], "interval[]")
        try await roundTrip([[PostgresTime(hour: 1)!]], "time[]")
        try await roundTrip([[PostgresBits("101")!]], "varbit[]")
        try await roundTrip([[PostgresNetwork("::1")!]], "inet[]")
        try await roundTrip(
            [[PostgresRange(1..<5), .empty]] as [[PostgresRange<Int>]], "int8range[]")
    }

    @Test func readsArraysOfMoreTypes() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                """
                select array[1.50, null, 2]::numeric[], array['{"a": 1}', '[]']::jsonb[],
                    array['1970-01-02']::date[], array['1970-01-01 00:00:01']::timestamp[],
                    array[1, 2]::int2[], '{}'::text[], array[[1, 2], [3, 4]], 'x'::bytea,
                    array[1, null]
                """)[0]
            #expect(try row[0, as: [String?].self] == ["1.50", nil, "2"])
            #expect(try row[0, as: [Double?].self] == [1.5, nil, 2])
            #expect(try row[1, as: [String].self] == [#"{"a": 1}"#, "[]"])
            let day = PostgresTimestamp(microsecondsSince1970: 86_400_000_000)
            #expect(try row[2, as: [PostgresTimestamp].self] == [day])
            let second = PostgresTimestamp(microsecondsSince1970: 1_000_000)
            #expect(try row[3, as: [PostgresTimestamp].self] == [second])
            #expect(try row[4, as: [Int].self] == [1, 2])
            #expect(try row[4, as: [Double].self] == [1, 2])
            #expect(Self.message(row, 5, as: [Int].self).contains("text[]"))
            #expect(Self.message(row, 7, as: [String].self).contains("bytea"))
            let said = Self.message(row, 6, as: [Int].self)
            #expect(
                said == "Column 6 (array) is an array of 2 dimensions (int4[]);"
                    + " one with one is read as Array<Int>.")
            #expect(
                Self.message(row, 8, as: [Int].self)
                    == "Part 1 of column 8 (array) is NULL; wanted: Int.")
        }
    }

    @Test(
        arguments: [
            ("7::numeric", 7), ("-12345678901.000::numeric", -12_345_678_901),
            ("9223372036854775807::numeric", .max), ("-9223372036854775808::numeric", .min),
            ("-9223372036854775807::numeric", -.max), ("9223372036854775808::numeric", nil),
            ("1e30::numeric", nil), ("7.5::numeric", nil), ("0.00001::numeric", nil),
            ("-9223372036854775809::numeric", nil), ("'NaN'::numeric", nil),
            ("'infinity'::numeric", nil), ("0::numeric", 0),
            ("10000::numeric", 10000), ("sum(n) from generate_series(1::int8, 10) n", 55),
            ("7.0::float8", nil),
        ] as [(String, Int?)])
    func readsAnIntegerFromANumeric(sql: String, number: Int?) async throws {
        let bench = try Bench()
        defer { bench.stop() }
        let found = try await bench.run { pool in
            let row = try await pool.query("select \(sql)")[0]
            return try? row[0, as: Int.self]
        }
        #expect(found == number)
    }

    @Test func readsFractionsFromIntegersWhereExact() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                "select 7::int2, 16777217::int4, 9007199254740993, 9007199254740992, 0.1::numeric")[
                    0]
            #expect(try row[0, as: Double.self] == 7 && row[0, as: Float.self] == 7)
            #expect(try row[1, as: Double.self] == 16_777_217)
            #expect(Self.message(row, 1, as: Float.self).hasSuffix("wanted: Float."))
            #expect(Self.message(row, 2, as: Double.self).hasSuffix("wanted: Double."))
            #expect(try row[3, as: Double.self] == 9_007_199_254_740_992)
            #expect(try row[4, as: Float.self] == 0.1)
            #expect(Self.message(row, 4, as: Bool.self).contains("numeric"))
        }
    }

    @Test func carriesIntervalsAndTimes() async throws {
        try await roundTrip(
            [
                PostgresInterval(), PostgresInterval(months: -14, days: 3, microseconds: -1),
                PostgresInterval(months: .max, days: .max, microseconds: 5),
                PostgresInterval(.seconds(90))!,
            ], "interval")
        try await roundTrip(
            [
                PostgresTime(hour: 0)!, PostgresTime(hour: 24)!,
                PostgresTime(hour: 7, minute: 5, microsecond: 250_000)!,
            ], "time")
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let texts = [
                "PT0S", "P1Y2M-3DT4H5M6.5S", "P-1Y-2M", "PT-0.000001S", "PT-1H-2M-3S", "P10D",
                "PT1M",
                "PT2S",
            ]
            for text in texts {
                let interval: PostgresInterval = try await pool.query(
                    "select $1::interval", text)[0][0]
                #expect(interval.description == text)
            }
            let row = try await pool.query("select '07:05:00.25'::time, '07:05+01'::timetz")[0]
            let time: PostgresTime = try row[0]
            #expect(time.description == "07:05:00.250000")
            #expect((time.hour, time.minute, time.second, time.microsecond) == (7, 5, 0, 250_000))
            #expect(Self.message(row, 1, as: PostgresTime.self).contains("timetz"))
        }
        #expect(PostgresTime(hour: 24, microsecond: 1) == nil && PostgresTime(hour: -1) == nil)
        #expect(Duration(PostgresInterval(microseconds: 1_500_000)) == .milliseconds(1500))
        #expect(Duration(PostgresInterval(days: 1)) == nil)
        #expect(PostgresInterval(.nanoseconds(-1))?.microseconds == -1)
        #expect(PostgresInterval(.seconds(Int64.max)) == nil)
    }

    @Test func carriesNetworksAndBits() async throws {
        try await roundTrip(
            ["10.1.2.3", "10.1.2.3/8", "::1", "fe80::1/64", "::ffff:1.2.3.4", "0.0.0.0/0"].map {
                PostgresNetwork($0)!
            }, "inet")
        try await roundTrip(
            ["10.0.0.0/8", "2001:db8::/32", "10.1.2.3/32"].map {
                PostgresNetwork($0, isNetwork: true)!
            }, "cidr")
        try await roundTrip(["", "1", "00000000", "101010101"].map { PostgresBits($0)! }, "varbit")
        try await roundTrip([PostgresBits("10100")!], "bit(5)")
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            for text in ["10.1.2.3", "10.1.2.3/8", "::ffff:1.2.3.4", "2001:db8::5/32"] {
                let row = try await pool.query("select $1::inet, $1::inet::text", text)[0]
                #expect(try row[0, as: PostgresNetwork.self].description == text)
            }
        }
        for wrong in ["", "10", "10.1.2.3/33", "10.1.2.3/", "10.1.2.3/+1", "1.2.3.4\0", "::1/129"] {
            #expect(PostgresNetwork(wrong) == nil)
        }
        #expect(PostgresNetwork("10.1.2.3/8", isNetwork: true) == nil)
        #expect(PostgresBits("102") == nil && PostgresBits("101")![2])
        #expect(PostgresBits([true, false, true]).description == "101")
    }

    @Test func carriesRanges() async throws {
        let ranges: [PostgresRange<Int>] = [
            PostgresRange(1..<5), .empty, PostgresRange(from: .unbounded, to: .excluded(3)),
            PostgresRange(from: .included(3), to: .unbounded),
            PostgresRange(from: .unbounded, to: .unbounded),
        ]
        try await roundTrip(ranges, "int8range")
        try await roundTrip([PostgresRange(1 as Int32..<5)], "int4range")
        let moments = (
            PostgresTimestamp(microsecondsSince1970: 0), PostgresTimestamp(microsecondsSince1970: 9)
        )
        try await roundTrip([PostgresRange(moments.0...moments.1)], "tstzrange")
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                """
                select int8range(1, 4, '[]'), numrange(1.5, 2.5, '(]'),
                    daterange('1970-01-02', null), tsrange('1970-01-01', '1970-01-02'), 7,
                    array['[1,2)']::int4range[]
                """)[0]
            // As the server tells every range of whole numbers.
            #expect(try row[0] == PostgresRange(1..<5))
            let numbers: PostgresRange<Double> = try row[1]
            #expect(numbers == PostgresRange(from: .excluded(1.5), to: .included(2.5)))
            let days: PostgresRange<PostgresTimestamp> = try row[2]
            #expect(days.lower.bound?.microsecondsSince1970 == 86_400_000_000)
            #expect(days.upper == .unbounded && !days.isEmpty)
            let times: PostgresRange<PostgresTimestamp> = try row[3]
            #expect(times.upper.bound?.microsecondsSince1970 == 86_400_000_000)
            #expect(Self.message(row, 4, as: PostgresRange<Int>.self).contains("int4"))
            #expect(
                Self.message(row, 0, as: PostgresRange<String>.self)
                    .hasPrefix("Part 0 of column 0 (int8range) is of the type int8"))
            #expect(try row[5, as: [PostgresRange<Int>].self] == [PostgresRange(1..<2)])
        }
        try await withTypes(["create type typing.span as range (subtype = float8)"]) { pool in
            let span: PostgresRange<Double> = try await pool.query(
                "select '[1.5,2.5)'::typing.span")[0][0]
            #expect(span == PostgresRange(from: .included(1.5), to: .excluded(2.5)))
        }
    }

    /// A value of the server is not trusted to be well-formed.
    @Test func refusesBytesThatAreNoValue() {
        var generator = SeededGenerator(seed: 1)
        let types: [PostgresType] = [
            .bool, .bytea, .int8, .text, .json, .float8, .date, .time, .timestamptz, .interval,
            .inet, .cidr, .bit, .varbit, .numeric, .uuid, .jsonb, .record, .int8range, .numrange,
            .int8Array, .textArray, .recordArray, .int8rangeArray, .varbitArray,
        ]
        for _ in 0..<5_000 {
            let type = types.randomElement(using: &generator)!
            // Mostly small numbers, so that sizes and counts are often nearly right.
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                let byte = UInt8.random(in: 0...255, using: &generator)
                return Bool.random(using: &generator) ? byte % 4 : byte < 200 ? 0 : byte
            }
            let cell = PostgresCell(
                bytes: Bytes(bytes.span), type: type, isNull: false, column: 0, .empty)
            _ = try? Bool(cell)
            _ = try? Int16(cell)
            _ = try? Double(cell)
            _ = try? Float(cell)
            _ = try? String(cell)
            _ = try? [UInt8](cell)
            _ = try? PostgresUUID(cell)
            _ = try? PostgresTimestamp(cell)
            _ = try? PostgresTime(cell).description
            _ = try? PostgresInterval(cell).description
            _ = try? PostgresNetwork(cell).description
            _ = try? PostgresBits(cell).description
            _ = try? PostgresRange<Int>(cell)
            _ = try? [PostgresRange<Int>](cell)
            _ = try? [String?](cell)
            _ = try? [PostgresBits](cell)
            _ = try? [PostgresComposite](cell)
            if let composite = try? PostgresComposite(cell) {
                for field in 0...composite.count { _ = try? composite[field, as: Int.self] }
            }
        }
    }

    // MARK: - Parameters

    @Test func takesAsManyParametersAsTheRunHas() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            for count in [0, 1, 7, 300] {
                let values = (0..<count).map { $0 % 2 == 0 ? $0 as any PostgresEncodable : "\($0)" }
                let list = (0..<count).map { "$\($0 + 1)::int8" } + ["0"]
                let sql = "select \(list.joined(separator: " + "))"
                let sum = count * (count - 1) / 2
                #expect(try await pool.query(sql, parameters: values)[0][0] as Int == sum)
                let statement = Statement(sql, .reads)
                #expect(try await pool.query(statement, parameters: values)[0][0] as Int == sum)
                let leased = try await pool.withConnection { lease in
                    let first: Int = try await lease.query(sql, parameters: values)[0][0]
                    return try await first + lease.query(statement, parameters: values)[0][0]
                }
                #expect(leased == 2 * sum)
            }
            let row = try await pool.query(
                "select $1::int8, $2::text", parameters: [Int?.none, Optional("x")])[0]
            #expect(try row[0, as: Int?.self] == nil && row[1] == "x")
            await #expect(throws: PostgresError.self) {
                try await pool.query("select $1", parameters: [1, "a\0"])
            }
        }
    }

    private struct Digits: PostgresEncodable {
        static var postgresType: PostgresType { .numeric }
        let text: String
        func encode(into parameters: PostgresParameters) throws(PostgresError) {
            try parameters.append(numeric: text)
        }
    }

    @Test func carriesNumericsByTheirDigits() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let texts = [
                "0", "0.00", "-0.5", "1", "12345", "100000000", "0.00010", "12345.678900", "NaN",
                String(repeating: "9", count: 1000) + "." + String(repeating: "1", count: 1001),
            ]
            for text in texts {
                let row = try await pool.query("select $1, $1::text", Digits(text: text))[0]
                let (found, written): (String, String) = try (row[0], row[1])
                #expect(found == text && written == text)
            }
            for wrong in ["", "-", ".", "1e5", "+1", "1.2.3", "x"] {
                await #expect(throws: PostgresError.self) {
                    try await pool.query("select $1", Digits(text: wrong))
                }
            }
        }
    }

    /// A type that says in an array that it is something else than the array's elements.
    private struct Liar: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
        static var postgresType: PostgresType { .int8 }
        static var postgresArrayType: PostgresType { .int8Array }
        init() {}
        init(_ cell: borrowing PostgresCell) throws(PostgresError) {}
        func encode(into parameters: PostgresParameters) throws(PostgresError) {
            try parameters.append(1 as Int32, type: .int4)
        }
    }

    @Test func refusesElementsOfAnotherType() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            await #expect(throws: PostgresError.self) {
                try await pool.query("select $1::int8[]", [Liar()])
            }
            let numbers: [Int] = try await pool.query("select $1::int8[]", [1, 2])[0][0]
            #expect(numbers == [1, 2])
        }
    }
}
