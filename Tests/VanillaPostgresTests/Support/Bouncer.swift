// SPDX-License-Identifier: MIT

import Foundation
import PrivatePostgres
import Synchronization

/// PgBouncer in transaction mode, with two connections to a server: a client has one of them for as
/// long as a transaction takes, and the next time perhaps the other.
///
/// Its socket lies beside the server's, in a directory that both may enter.
final class Bouncer: @unchecked Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Where the program may be: Debian keeps it out of the `PATH` of users.
    private static let folders = "/usr/sbin:/usr/bin:/bin"
    /// Whether this machine has it.
    static var isInstalled: Bool {
        folders.split(separator: ":").contains { folder in
            FileManager.default.isExecutableFile(atPath: "\(folder)/pgbouncer")
        }
    }

    /// How many connections to the server there are.
    static let connections = 2
    /// Another one for each: it names the socket.
    private static let nextPort = Atomic(6432)
    private static let ready = "process up:"

    let connectionString: String
    private let process = Process()
    private let file: URL

    /// - Parameter ignored: What clients say when they connect and it does not know.
    init(to postgres: PrivatePostgres, ignoring ignored: String = "extra_float_digits") throws {
        let port = Self.nextPort.add(1, ordering: .relaxed).oldValue
        connectionString = postgres.connectionString.replacing("port=5432", with: "port=\(port)")
        file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "bouncer-\(UUID().uuidString).ini")
        let settings = """
            [databases]
            \(PrivatePostgres.database) = \(postgres.connectionString)

            [pgbouncer]
            pool_mode = transaction
            default_pool_size = \(Self.connections)
            max_client_conn = 100
            auth_type = any
            ignore_startup_parameters = \(ignored)
            listen_port = \(port)
            unix_socket_dir = \(postgres.directory)
            """
        try Data(settings.utf8).write(to: file)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // It refuses root as PostgreSQL does.
        let user = geteuid() == 0 ? ["-u", "postgres"] : []
        process.arguments = ["PATH=\(Self.folders)", "pgbouncer"] + user + [file.path]
        let output = Foundation.Pipe()
        process.standardError = output
        try process.run()
        do {
            try Self.wait(for: Self.ready, in: output.fileHandleForReading)
        } catch {
            stop()
            throw error
        }
        // What it says later is not for anybody, but must not fill the pipe.
        output.fileHandleForReading.readabilityHandler = { handle in
            if handle.availableData.isEmpty { handle.readabilityHandler = nil }
        }
    }

    func stop() {
        // It began with the signals of a thread that blocks SIGTERM.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: file)
    }

    private static func wait(for text: String, in handle: FileHandle) throws {
        var said = Data()
        while !String(decoding: said, as: UTF8.self).contains(text) {
            let more = handle.availableData
            guard !more.isEmpty else {
                throw Failure(
                    description: "PgBouncer ended: \(String(decoding: said, as: UTF8.self))")
            }
            said += more
        }
    }
}
