// SPDX-License-Identifier: MIT

/// What is undone of a lease, besides a transaction that is open, before anybody else has the
/// connection.
enum LeaseReset {
    /// What a transaction leaves behind that was rolled back: locks of the session. Everything else
    /// that it has set the server has undone.
    case transaction
    /// Everything that belongs to the session.
    case session

    var sql: String {
        switch self {
        case .transaction: "select pg_advisory_unlock_all()"
        case .session: "discard all"
        }
    }

    /// Whether the server takes it only as the first of what one Sync ends.
    var isAlone: Bool { self == .session }
}
