// SPDX-License-Identifier: MIT

import Foundation
import Testing
import VanillaTestSupport

@testable import PrivatePostgres

extension Trait where Self == ConditionTrait {
    /// As in VanillaPostgresTests.
    fileprivate static var needsPostgres: Self {
        .enabled(if: PrivatePostgres.isInstalled, "PostgreSQL is not installed")
    }
}

private let settings = ["max_connections": "7", "cluster_name": "it's private"]

/// One server for all of them.
@Suite(.needsPostgres) struct PrivatePostgresTests {
    private static let shared = Result { try PrivatePostgres(settings: settings) }
    private let postgres: PrivatePostgres

    init() throws {
        postgres = try Self.shared.get()
    }

    @Test func answersWhoKnowsThePassword() throws {
        let who = "SELECT current_user || '@' || current_database()"
        #expect(try query(who, of: postgres) == "username@example")
        let byURL = try psql(postgres.url, "SHOW server_encoding")
        #expect(byURL.status == 0 && byURL.output == "UTF8")
        let stranger = postgres.connectionString.replacing(
            "password=password", with: "password=guessed")
        #expect(try psql(stranger, "SELECT 1").output.contains("password authentication failed"))
    }

    @Test(arguments: [
        ("max_connections", "7"), ("cluster_name", "it's private"), ("listen_addresses", ""),
        ("fsync", "off"),
    ])
    func takesSettings(name: String, value: String) throws {
        #expect(try query("SHOW \(name)", of: postgres) == value)
    }

    @Test func makesDatabasesForTestsOfTheirOwn() throws {
        let made = try [postgres.makeDatabase(), postgres.makeDatabase()]
        #expect(Set(made).count == 2)
        for connection in made {
            let created = try psql(connection, "CREATE TABLE notes ()")
            #expect(created.status == 0, "\(created.output)")
        }
        #expect(try query("SELECT to_regclass('notes') IS NULL", of: postgres) == "t")
    }

    @Test func letsNobodyElseIn() throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: postgres.directory)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }
}

/// What the server does not have of the program it belongs to.
@Suite(.needsPostgres) struct PrivatePostgresInheritanceTests {
    /// It would stay open for as long as the server runs, so whoever reads would wait for its end.
    @Test func keepsNoDescriptorOpen() throws {
        let pipe = Pipe()
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        try pipe.fileHandleForWriting.close()
        var entry = pollfd(
            fd: pipe.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, 0) == 1)
        #expect(entry.revents & Int16(POLLHUP) != 0)
    }
}

/// A server for each, which is stopped in one way or the other.
@Suite(.needsPostgres) struct StoppedPostgresTests {
    private let postgres: PrivatePostgres

    init() throws {
        postgres = try PrivatePostgres()
    }

    @Test func keepsItsDataWhenItStartsAgain() throws {
        #expect(
            try query("CREATE TABLE kept (value int); INSERT INTO kept VALUES (42)", of: postgres)
                != nil)
        let before = postgres.serverProcess
        try postgres.restart()
        #expect(before != nil && postgres.serverProcess != before)
        #expect(try query("SELECT value FROM kept", of: postgres) == "42")

        try postgres.halt()
        #expect(postgres.serverProcess == nil)
        #expect(try psql(postgres.connectionString, "SELECT 1").status == 2)
        #expect(throws: PrivatePostgresError.self) { try postgres.halt() }
        try postgres.start()
        #expect(try query("SELECT value FROM kept", of: postgres) == "42")
    }

    @Test func standsStill() throws {
        let server = try #require(postgres.serverProcess)
        let processes = [server] + children(of: server)
        #expect(processes.count > 3)
        postgres.suspend()
        #expect(wait(until: { processes.allSatisfy { process in state(of: process) == "T" } }))
        postgres.resume()
        #expect(try query("SELECT 1", of: postgres) == "1")
    }

    @Test(arguments: [false, true])
    func leavesNothing(isSuspended: Bool) throws {
        let server = try #require(postgres.serverProcess)
        if isSuspended { postgres.suspend() }
        postgres.stop()
        #expect(wait(until: { isGone(server) }))
        #expect(!FileManager.default.fileExists(atPath: postgres.directory))
        #expect(postgres.serverProcess == nil)
        #expect(throws: PrivatePostgresError.self) { try postgres.start() }
        postgres.stop()
    }
}

@Suite struct PrivatePostgresFailureTests {
    @Test(.needsPostgres) func saysWhatPostgreSQLSaid() throws {
        let error = try #require(throws: PrivatePostgresError.self) {
            _ = try PrivatePostgres(settings: ["max_connections": "several"])
        }
        #expect(error.description.contains("max_connections"))
        #expect(error.description.contains("several"))
    }

    @Test func saysThatItIsNotInstalled() throws {
        let error = try #require(throws: PrivatePostgresError.self) {
            _ = try PostgresPrograms.find(in: ["/nowhere", "/bin"])
        }
        #expect(error.description.hasPrefix("PostgreSQL is not installed"))
    }

    @Test func sortsVersionsAsNumbers() {
        let versions = PostgresPrograms.newestFirst(["9", "16", "15", "archive"], after: "")
        #expect(versions == [16, 15, 9])
        #expect(PostgresPrograms.newestFirst(["postgresql@9", "x"], after: "postgresql@") == [9])
    }
}

/// What a program leaves when it ends in one way or the other.
@Suite(.needsPostgres) struct AbandonedPostgresTests {
    @Test(arguments: [SIGKILL, 0])
    func goesWithItsOwner(signal: Int32) throws {
        let owner = try Owner()
        let (directory, server) = try (owner.directory, #require(owner.serverProcess))
        if signal == 0 {
            try owner.input.close()
        } else {
            kill(owner.process.processIdentifier, signal)
        }
        #expect(owner.hasEnded)
        #expect(wait(until: { isGone(server) }))
        #expect(wait(until: { !FileManager.default.fileExists(atPath: directory) }))
    }

    @Test func goesWithAnOwnerThatLeftItStanding() throws {
        let owner = try Owner()
        let (directory, server) = try (owner.directory, #require(owner.serverProcess))
        #expect(try owner.perform("suspend") == "done")
        kill(owner.process.processIdentifier, SIGKILL)
        #expect(owner.hasEnded)
        #expect(wait(until: { isGone(server) }))
        #expect(wait(until: { !FileManager.default.fileExists(atPath: directory) }))
    }

    @Test func doesAsItIsTold() throws {
        let owner = try Owner("max_connections=9")
        for command in ["restart", "halt", "start", "suspend", "resume"] {
            #expect(try owner.perform(command) == "done")
        }
        let result = try psql(owner.connectionString, "SHOW max_connections")
        #expect(result.output == "9")
        try owner.input.close()
        #expect(owner.hasEnded)
    }
}

/// A program that has a server.
private struct Owner {
    let process = Process()
    let connectionString: String
    let input: FileHandle
    private let output: FileHandle

    init(_ arguments: String...) throws {
        let (toProcess, fromProcess) = (Pipe(), Pipe())
        process.executableURL = program("PostgresServer")
        process.arguments = arguments
        process.standardInput = toProcess
        process.standardOutput = fromProcess
        try process.run()
        (input, output) = (toProcess.fileHandleForWriting, fromProcess.fileHandleForReading)
        connectionString = try line(of: output)
        _ = try line(of: output)
    }

    /// Waits for its end, which does not come where something else holds its input.
    var hasEnded: Bool {
        guard wait(until: { !process.isRunning }) else { return false }
        // Has come; Foundation gives back what it watched it with only here.
        process.waitUntilExit()
        return true
    }

    func perform(_ command: String) throws -> String {
        try input.write(contentsOf: Data("\(command)\n".utf8))
        return try line(of: output)
    }

    var directory: String {
        String(connectionString.split(separator: " ")[0].dropFirst("host=".count))
    }

    var serverProcess: Int32? {
        let text = readFile(directory + "/data/postmaster.pid") ?? ""
        return Int32(text.prefix { $0 != "\n" })
    }
}

private func line(of output: FileHandle) throws -> String {
    var line: [UInt8] = []
    while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
        line.append(byte)
    }
    return String(decoding: line, as: UTF8.self)
}

/// Runs PostgreSQL's own client.
private func psql(_ connection: String, _ query: String) throws -> (status: Int32, output: String) {
    let ended = try run("psql", "-XAtq", "-c", query, connection)
    return (ended.status, ended.output.trimmingCharacters(in: .whitespacesAndNewlines))
}

private func query(_ text: String, of postgres: PrivatePostgres) throws -> String? {
    let result = try psql(postgres.connectionString, text)
    return result.status == 0 ? result.output : nil
}

/// The letter of a process's state, which is what follows the name in brackets.
private func state(of process: Int32) -> Character? {
    let text = readFile("/proc/\(process)/stat") ?? ""
    return text.lastIndex(of: ")").flatMap { end in text[end...].dropFirst(2).first }
}

/// Whether a process has ended: whoever inherited it may not have looked yet.
private func isGone(_ process: Int32) -> Bool {
    let state = state(of: process)
    return state == nil || state == "Z"
}

/// Looks until something holds, for a minute at most.
private func wait(until holds: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while !holds() {
        guard ContinuousClock.now < deadline else { return false }
        usleep(10_000)
    }
    return true
}
