// SPDX-License-Identifier: MIT

import Foundation
import HexagonalApplication
import HexagonalDomain
import Testing

@testable import HexagonalExample

@Suite struct SQLiteTests {
    private let file = TemporaryFile()

    @Test func keepsItsDataWhenItIsOpenedAgain() async throws {
        let first = try SQLiteStore(path: file.path)
        let user = try await first.addUser(
            named: UserName("ada"), passwordHash: PasswordHash("hash"))
        first.close()
        let second = try SQLiteStore(path: file.path)
        #expect(try await second.listUsers(#require(Page())) == [user])
        let next = try await second.addUser(named: UserName("bob"), passwordHash: PasswordHash("x"))
        #expect(next.id == user.id + 1)
        second.close()
    }

    @Test func isReadByNobodyElse() async throws {
        let store = try SQLiteStore(path: file.path)
        _ = try await store.addUser(named: UserName("ada"), passwordHash: PasswordHash("hash"))
        for path in [file.path, file.path + "-wal", file.path + "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(path)")
        }
        store.close()
    }

    @Test func bringsAnOlderFileUpToDate() async throws {
        do {
            let connection = try SQLiteConnection(path: file.path)
            try SQLiteMigrations.run([SQLiteMigrations.all[0]], on: connection)
            try connection.execute("INSERT INTO users (name, password_hash) VALUES ('ada', 'hash')")
            #expect(throws: SQLiteError.self) {
                try connection.execute("SELECT * FROM products")
            }
        }
        let store = try SQLiteStore(path: file.path)
        #expect(try await store.findUser(named: UserName("ada"))?.passwordHash.text == "hash")
        #expect(try await store.listProducts(#require(Page())).isEmpty)
        store.close()
    }

    @Test func leavesAFileAsItWasWhereAStepFails() throws {
        let connection = try SQLiteConnection(path: file.path)
        let steps = [SQLiteMigrations.all[0], "CREATE TABLE users (twice INTEGER)"]
        #expect(throws: SQLiteError.self) { try SQLiteMigrations.run(steps, on: connection) }
        #expect(try version(of: connection) == 0)
        try SQLiteMigrations.run(on: connection)
        #expect(try version(of: connection) == Int64(SQLiteMigrations.all.count))
    }

    @Test func refusesAFileOfALaterRelease() throws {
        do {
            let connection = try SQLiteConnection(path: file.path)
            try SQLiteMigrations.run(
                SQLiteMigrations.all + ["CREATE TABLE later (a INTEGER)"], on: connection)
        }
        #expect(throws: NewerDatabase.self) { try SQLiteStore(path: file.path) }
    }

    @Test func saysWhichFileCannotBeOpened() {
        let error = #expect(throws: SQLiteError.self) {
            try SQLiteStore(path: "/nowhere/store.sqlite")
        }
        #expect(error?.description.contains("/nowhere/store.sqlite") == true)
    }

    @Test func refusesAFileThatIsNoDatabase() throws {
        try Data(repeating: 0x61, count: 4096).write(to: URL(fileURLWithPath: file.path))
        #expect(throws: SQLiteError.self) { try SQLiteStore(path: file.path) }
    }

    @Test func isOpenedByManyAtTheSameTime() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [path = file.path] in
                    let store = try SQLiteStore(path: path)
                    _ = try await store.listUsers(#require(Page()))
                    store.close()
                }
            }
            try await group.waitForAll()
        }
    }

    private func version(of connection: SQLiteConnection) throws -> Int64 {
        try connection.rows("PRAGMA user_version") { row in row.integer(0) }[0]
    }
}
