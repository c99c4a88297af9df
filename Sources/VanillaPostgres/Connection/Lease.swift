// SPDX-License-Identifier: MIT

/// A connection that one request has for itself: whatever threads have this, only the worker's uses
/// the connection.
struct Lease: @unchecked Sendable {
    /// What a task wants of it.
    struct Request: Sendable {
        /// Where it was taken, for the log.
        let file: String
        let line: Int
        /// The transaction that begins with the first query.
        let transaction: Transaction?
    }

    /// How a transaction begins.
    struct Transaction: Sendable {
        let sql: String
        let isReadOnly: Bool
    }

    let connection: Connection
    /// Which of the connection's leases it is.
    private let turn: UInt64
    /// The number of the server's process.
    let process: Int32

    init(_ connection: Connection) {
        self.connection = connection
        turn = connection.leaseTurn
        process = connection.process
    }

    /// By which its operations name the connection.
    var number: UInt64 { connection.number }

    /// Whether it can be used. On the worker's thread.
    func check() throws {
        if let loss = connection.loss { throw unavailable(loss) }
        guard turn == connection.leaseTurn else { throw Self.isOver }
    }

    /// It was given back, and others may have the connection.
    static let isOver = PostgresError(.misuse, "The connection was released.")
}
