// SPDX-License-Identifier: MIT

internal import CLibrary
internal import Synchronization

/// A PostgreSQL server of one's own, for tests and for examples that are tried out.
///
/// ```swift
/// let postgres = try PrivatePostgres(settings: ["max_connections": "20"])
/// defer { postgres.stop() }
/// connect(to: postgres.connectionString)
/// ```
///
/// It listens on a unix socket in a new directory that nobody else may enter, and on no port. It
/// has the database `example` of the user `username`, who may do everything and has the password
/// `password`, which is asked for (SCRAM). Nothing it writes survives a loss of power: `fsync` is
/// off.
///
/// Server and directory are gone once `stop()` returns, soon after the last reference is, and soon
/// after this program ended, however it did: a process that watches it sees to that.
///
/// As root it works too, with the server under the account `postgres` or `nobody`, because
/// PostgreSQL refuses root. What starts and stops the server blocks the thread; call it on any, but
/// on one at a time.
public final class PrivatePostgres: Sendable {
    /// The user that the server knows, and that owns the database.
    public static let user = Login.user
    /// The password of the user.
    public static let password = Login.password
    /// The database.
    public static let database = Login.database

    /// Whether this machine has the programs of the server.
    public static var isInstalled: Bool { (try? PostgresPrograms.find()) != nil }

    /// The directory that the server's socket lies in: what `host` and `PGHOST` are.
    public let directory: String
    private let guardian: Guardian
    private let isStopped = Atomic(false)
    /// The databases that were made. Held while one is.
    private let made = Mutex(0)

    /// Makes a cluster and starts its server; that takes a second or two.
    ///
    /// - Parameter settings: Lines of `postgresql.conf`, as `max_connections` and `20`.
    /// - Throws: ``PrivatePostgresError`` that says what is missing, or what PostgreSQL said.
    public init(settings: [String: String] = [:]) throws(PrivatePostgresError) {
        let programs = try PostgresPrograms.find()
        let account = try Account.forServer()
        directory = try makeDirectory(ownedBy: account)
        do throws(PrivatePostgresError) {
            guardian = try Guardian(
                of: directory, programs: programs, account: account,
                settings: settingLines(settings, socketDirectory: directory))
        } catch {
            removeEmptyDirectory(directory)
            throw error
        }
        do throws(PrivatePostgresError) {
            try guardian.perform(.make)
            try guardian.perform(.start)
        } catch {
            guardian.end()
            throw error
        }
    }

    deinit {
        stop()
    }

    /// Stops the server at once and removes all that it stored. Further calls do nothing.
    public func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        resume()
        guardian.end()
    }

    /// Stops the server as an administrator does (`fast`): connections are ended, data is kept.
    ///
    /// - Throws: ``PrivatePostgresError`` where it does not run, or did not stop in a minute.
    public func halt() throws(PrivatePostgresError) {
        try guardian.perform(.halt)
    }

    /// Starts the server again, and returns once it accepts connections.
    ///
    /// - Throws: ``PrivatePostgresError`` where it runs, or does not start.
    public func start() throws(PrivatePostgresError) {
        try guardian.perform(.start)
    }

    /// Stops the server and starts it again: connections are ended, data is kept.
    ///
    /// - Throws: ``PrivatePostgresError`` as ``halt()`` and ``start()``.
    public func restart() throws(PrivatePostgresError) {
        try halt()
        try start()
    }

    /// Makes all processes of the server stand still (SIGSTOP): connections stay open, new ones are
    /// accepted by the kernel alone, and nothing is answered until ``resume()``.
    public func suspend() {
        guard let server = serverProcess else { return }
        // First the one that makes the others.
        kill(server, SIGSTOP)
        for child in children(of: server) { kill(child, SIGSTOP) }
    }

    /// Lets the server go on after ``suspend()`` (SIGCONT).
    public func resume() {
        guard let server = serverProcess else { return }
        for child in children(of: server) { kill(child, SIGCONT) }
        kill(server, SIGCONT)
    }

    /// The id of the server's first process; `nil` where it does not run.
    public var serverProcess: Int32? {
        guard let text = readFile(directory + "/data/postmaster.pid") else { return nil }
        return Int32(text.prefix { character in character != "\n" })
    }
}

extension PrivatePostgres {
    /// Makes one more database, empty and of the same user: for a test that shares the server with
    /// others, and no data. It takes some 50 ms, and a call waits for another one's end. It is gone
    /// with the server.
    ///
    /// ```swift
    /// let postgres = try PrivatePostgres()
    /// let pool = try PostgresPool(.init(try postgres.makeDatabase()))
    /// ```
    ///
    /// - Returns: How a client connects to it, in the keywords and values of libpq.
    /// - Throws: ``PrivatePostgresError`` where the server does not run, or has no `createdb`
    ///   beside it, which is in the package of its clients.
    public func makeDatabase() throws(PrivatePostgresError) -> String {
        let name = try made.withLock { count throws(PrivatePostgresError) in
            count += 1
            let name = "\(Self.database)_\(count)"
            try guardian.perform(.database, name)
            return name
        }
        return connectionString(of: name)
    }

    /// How a client connects, in the keywords and values of libpq.
    public var connectionString: String { connectionString(of: Self.database) }

    private func connectionString(of database: String) -> String {
        "host=\(directory) port=\(port) user=\(Self.user) password=\(Self.password) dbname=\(database)"
    }

    /// How a client connects, as a URL that libpq and others read: the directory of the socket is
    /// the host, with its slashes encoded.
    public var url: String {
        let host = directory.split(separator: "/").map { part in "%2F" + part }.joined()
        return "postgresql://\(Self.user):\(Self.password)@\(host):\(port)/\(Self.database)"
    }
}

/// A part of the name of the socket, no more.
let port = 5432

/// What `postgresql.conf` says: the caller's settings last, because the last one counts.
private func settingLines(
    _ settings: [String: String], socketDirectory: String
) -> [String] {
    let own = [
        ("listen_addresses", ""), ("port", "\(port)"), ("unix_socket_directories", socketDirectory),
        ("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"),
    ]
    return (own + settings.sorted { $0.key < $1.key }).map { name, value in
        "\(name) = '\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
    }
}
