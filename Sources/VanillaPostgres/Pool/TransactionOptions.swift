// SPDX-License-Identifier: MIT

/// How a transaction begins.
public struct TransactionOptions: Sendable {
    /// How much it sees of others.
    public enum Isolation: Sendable {
        /// Each statement sees what was committed before it began.
        case readCommitted
        /// All statements see what was committed before the first began.
        case repeatableRead
        /// As if transactions ran one after the other.
        case serializable
    }

    /// How much it sees of others.
    public var isolation: Isolation
    /// Whether it may only read.
    public var isReadOnly: Bool
    /// How often it is tried again when the server could not serialize it or found a deadlock. Its
    /// body is called again then.
    public var repeats: Int

    /// The options of a transaction; without any, the database's usual one.
    public init(isolation: Isolation = .readCommitted, isReadOnly: Bool = false, repeats: Int = 0) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
        self.repeats = repeats
    }

    /// How it begins.
    var beginning: Lease.Transaction { Lease.Transaction(sql: sql, isReadOnly: isReadOnly) }

    private var sql: String {
        let level =
            switch isolation {
            case .readCommitted: ""
            case .repeatableRead: " isolation level repeatable read"
            case .serializable: " isolation level serializable"
            }
        return "begin" + level + (isReadOnly ? " read only" : "")
    }
}
