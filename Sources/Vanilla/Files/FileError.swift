// SPDX-License-Identifier: MIT

/// Why a folder or a file cannot be used.
public struct FileError: Error, Sendable, Equatable {
    /// What sort of failure it is.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String
    /// The operating system's number for the failure (errno(3)); 0 where the system did not fail.
    public let code: Int32

    init(_ kind: Kind, _ message: String, code: Int32 = 0) {
        self.kind = kind
        self.message = message
        self.code = code
    }
}

extension FileError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        /// It cannot be opened or read.
        public static let unavailable = Kind(description: "unavailable")
    }
}

extension FileError: CustomStringConvertible {
    /// The message, with the system's number where there is one.
    public var description: String { code == 0 ? message : "\(message) (errno \(code))" }
}
