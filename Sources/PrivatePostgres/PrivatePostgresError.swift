// SPDX-License-Identifier: MIT

internal import CLibrary

/// Why there is no server: a sentence for people, and what PostgreSQL said of it.
public struct PrivatePostgresError: Error, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ description: String) {
        self.description = description
    }

    /// With what the system says of the number that a call failed with.
    init(_ description: String, errorNumber: Int32) {
        // The text is valid until the next call of this function on this thread.
        self.init("\(description): \(unsafe String(cString: strerror(errorNumber))).")
    }
}
