// SPDX-License-Identifier: MIT

public import VanillaTesting

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension TestBody {
    /// A value in JSON, as `application/json`.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - encoder: An encoder with options of your own.
    /// - Throws: What the encoder throws.
    public static func json<Value: Encodable>(
        _ value: Value, with encoder: JSONEncoder = JSONEncoder()
    ) throws -> TestBody {
        TestBody(Array(try encoder.encode(value)), contentType: "application/json")
    }
}
