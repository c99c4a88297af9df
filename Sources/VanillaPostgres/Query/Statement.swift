// SPDX-License-Identifier: MIT

internal import Synchronization
internal import Vanilla

/// A statement that is prepared once a connection and then only named.
///
/// ```swift
/// static let findUser = Statement("select name from users where id = $1", .reads)
/// ```
///
/// Make it once, as a `static let`. A connection finds it by a number, so that nothing is hashed or
/// compared on the way of a query.
public final class Statement: Sendable {
    /// What a statement does to the database.
    public enum Effect: Sendable {
        /// It only reads, or may for another reason be repeated: it shares a Sync, and so a
        /// transaction, with other requests, and is sent again when one of those failed or the
        /// connection was lost. What it writes may be rolled back after it was told to be done.
        case reads
        /// It may write: it has a Sync, and so a transaction, of its own, and is sent once.
        case writes
    }

    /// In which format a statement's results come.
    public enum Results: Sendable {
        /// The binary format of each type, which is what values are read from.
        case binary
        /// The text that the server makes of each value, whatever its type: every column is read as
        /// a `String`, and as nothing else.
        case texts
    }

    /// The text, with `$1`, `$2` ... for the parameters.
    public let sql: String
    /// What it does to the database.
    public let effect: Effect
    /// In which format its results come.
    public let results: Results

    /// Where connections keep what they know of it; used again when this is gone.
    let number: Int
    /// Never used again.
    let serial: UInt64
    /// Whether it can be sent: there is no NUL in it, and it fits into a message.
    let isText: Bool
    /// Why it is not sent on a shared connection; nil where it may be.
    let refusal: PostgresError?
    /// Why it is not sent on a lease either.
    let leaseRefusal: PostgresError?

    /// A statement. Without a word about its effect it writes.
    public init(_ sql: String, _ effect: Effect = .writes, results: Results = .binary) {
        self.sql = sql
        self.effect = effect
        self.results = results
        isText = Self.isText(sql)
        refusal = SessionEffect.refusal(of: sql)
        leaseRefusal = CopyCommand.refusal(of: sql)
        serial = Self.numbers.serial.add(1, ordering: .relaxed).newValue
        number = Self.numbers.free.withLock { numbers in
            if let number = numbers.free.popLast() { return number }
            numbers.count += 1
            return numbers.count - 1
        }
    }

    deinit {
        let number = number
        Self.numbers.free.withLock { $0.free.append(number) }
    }

    /// What libpq could not be given.
    static let isNoText = PostgresError(
        .encoding, "A statement has a NUL in it, where libpq would end it, or a gigabyte.")

    /// Whether a text can be sent as a statement.
    static func isText(_ sql: String) -> Bool {
        sql.utf8.count <= PostgresParameters.sizeLimit && !sql.utf8.contains(0)
    }

    private struct Free {
        var free: [Int] = []
        var count = 0
    }

    private final class Numbers: Sendable {
        let serial = Atomic<UInt64>(0)
        let free = Lock(Free())
    }

    private static let numbers = Numbers()
}
