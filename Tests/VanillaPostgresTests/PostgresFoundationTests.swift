// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaPostgres
import VanillaPostgresFoundation

/// Types of Foundation as parameters and columns.
@Suite(.serialized, .needsPostgres) struct PostgresFoundationTests {
    private static let moments = [
        -2_208_988_800.25, -978_307_200, 0, 0.000001, 700_000_000.123457, 4_000_000_000.999999,
    ].map { Date(timeIntervalSinceReferenceDate: $0) }

    @Test func carriesDates() async throws {
        try await roundTrip(Self.moments, "timestamptz")
        try await roundTrip([Self.moments, []], "timestamptz[]")
        try await roundTrip([PostgresRange(Self.moments[0]..<Self.moments[1])], "tstzrange")
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                """
                select '2024-02-29'::date, '1969-12-31 23:59:59.5'::timestamp, 'infinity'::date,
                    array['2024-02-29', null]::date[], 'x'
                """)[0]
            let day = Date(timeIntervalSince1970: 1_709_164_800)
            #expect(try row[0, as: Date.self] == day)
            #expect(try row[1, as: Date.self] == Date(timeIntervalSince1970: -0.5))
            #expect(throws: PostgresError.self) { try row[2, as: Date.self] }
            #expect(try row[3, as: [Date?].self] == [day, nil])
            #expect(throws: PostgresError.self) { try row[4, as: Date.self] }
            for wrong in [Double.nan, .infinity, 1e30, -1e30] {
                await #expect(throws: PostgresError.self) {
                    try await pool.query("select $1", Date(timeIntervalSinceReferenceDate: wrong))
                }
            }
        }
    }

    @Test func carriesIdentifiersBytesAndDecimals() async throws {
        let uuid = UUID()
        // The name is Foundation's alone, whatever is imported beside it.
        try await roundTrip([uuid], "uuid")
        try await roundTrip([[uuid, nil]] as [[UUID?]], "uuid[]")
        #expect(PostgresUUID(uuid).description == uuid.uuidString.lowercased())
        try await roundTrip([Data(), Data([0, 1, 255])], "bytea")
        try await roundTrip([[Data([1]), Data()]], "bytea[]")
        let numbers = [
            "0", "1", "-1.5", "10000", "0.0001", "12345678901234567890.123456789012345678",
            "-99999999999999999999999999999999999999", "100000000", "0.00000000001", "1234.5000",
        ].map { Decimal(string: $0)! }
        try await roundTrip(numbers, "numeric")
        try await roundTrip([numbers], "numeric[]")
    }

    @Test func carriesURLs() async throws {
        let urls = ["https://example.org/a?b=c#d", "file:///tmp/x"].map { URL(string: $0)! }
        try await roundTrip(urls, "text")
        try await roundTrip([urls, []], "text[]")
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query("select 7, ''")[0]
            for column in 0...1 {
                #expect(throws: PostgresError.self) { try row[column, as: URL.self] }
            }
        }
    }

    @Test func refusesDecimalsThatItDoesNotHave() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let row = try await pool.query(
                """
                select 1e38::numeric + 0.1, 'infinity'::numeric, 'x', 'NaN'::numeric, 7,
                    1e-200::numeric, null::numeric, 7::text
                """)[0]
            for column in [0, 1, 2, 5, 6, 7] {
                #expect(throws: PostgresError.self) { try row[column, as: Decimal.self] }
            }
            #expect(try row[3, as: Decimal.self].isNaN)
            #expect(try row[4, as: Decimal.self] == 7)
            #expect(try await pool.query("select $1", Decimal.nan)[0][0, as: String.self] == "NaN")
        }
    }

    private struct Product: Decodable, Equatable {
        var id: UUID
        var price: Decimal
        var picture: Data?
        var madeAt: Date
        var soldAt: [Date?]
        var page: URL
    }

    @Test func makesTypesOfRows() async throws {
        let bench = try Bench()
        defer { bench.stop() }
        try await bench.run { pool in
            let uuid = UUID()
            let products = try await pool.query(
                """
                select $1 as id, 1.50 as price, 'ab'::bytea as picture,
                    '1970-01-01 00:00:01Z'::timestamptz as made_at,
                    array[null, '1970-01-02']::date[] as sold_at, 'https://example.org' as page
                """, uuid, as: Product.self, columns: .snakeCase)
            let product = Product(
                id: uuid, price: 1.5, picture: Data("ab".utf8),
                madeAt: Date(timeIntervalSince1970: 1),
                soldAt: [nil, Date(timeIntervalSince1970: 86_400)],
                page: URL(string: "https://example.org")!)
            #expect(products == [product])
            let pair = try await pool.query(
                "select $1, 2.5", uuid, as: (UUID, Decimal).self)
            #expect(pair[0] == (uuid, 2.5))
        }
    }

    /// What has a type of its own in rows has a plain one in JSON.
    @Test func carriesValuesInJSON() throws {
        let uuid = PostgresUUID.random()
        let moment = PostgresTimestamp(microsecondsSince1970: -1_234_567)
        let text = try JSONEncoder().encode([uuid])
        #expect(String(decoding: text, as: UTF8.self) == "[\"\(uuid)\"]")
        #expect(try JSONDecoder().decode([PostgresUUID].self, from: text) == [uuid])
        let number = try JSONEncoder().encode([moment])
        #expect(String(decoding: number, as: UTF8.self) == "[-1234567]")
        #expect(try JSONDecoder().decode([PostgresTimestamp].self, from: number) == [moment])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([PostgresUUID].self, from: Data(#"["x"]"#.utf8))
        }
    }
}
