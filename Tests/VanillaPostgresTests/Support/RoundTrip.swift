// SPDX-License-Identifier: MIT

import Testing
import VanillaPostgres

/// Sends each value as a parameter of a type, and reads it back, as itself and as an optional; and
/// a NULL.
func roundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable & Sendable>(
    _ values: [Value], _ type: String
) async throws {
    let bench = try Bench()
    defer { bench.stop() }
    let echo = Statement("select $1::\(type)", .reads)
    try await bench.run { pool in
        for value in values {
            let found: Value = try await pool.query(echo, value)[0][0]
            #expect(found == value)
            let optional: Value? = try await pool.query(echo, Optional(value))[0][0]
            #expect(optional == value)
        }
        let nothing: Value? = try await pool.query(echo, Value?.none)[0][0]
        #expect(nothing == nil)
    }
}
