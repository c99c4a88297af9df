// SPDX-License-Identifier: MIT

import HexagonalDomain

/// Makes values of what somebody filled in, and collects what is wrong with it, so that a client
/// learns everything at once.
struct FormReader {
    private var problems: [Problem] = []

    /// The value that `make` makes of a field; `nil` where it is missing or makes none.
    mutating func read<Input, Value>(
        _ field: String, _ input: Input?, as kind: String = "a string",
        _ make: (Input) throws(Invalid) -> Value
    ) -> Value? {
        guard let input else {
            problems.append(Problem(field: field, reason: "must be \(kind)"))
            return nil
        }
        do throws(Invalid) {
            return try make(input)
        } catch {
            problems.append(Problem(field: field, reason: error.reason))
            return nil
        }
    }

    /// What is thrown where a value is missing.
    var error: ApplicationError { .invalid(problems) }
}
