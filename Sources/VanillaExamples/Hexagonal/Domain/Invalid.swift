// SPDX-License-Identifier: MIT

/// Why a value is not one of its type, in words that follow a name: "must have 3 to 32 characters".
public struct Invalid: Error, Equatable, Sendable {
    public let reason: String

    public init(_ reason: String) {
        self.reason = reason
    }
}
