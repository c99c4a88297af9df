// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import PrivatePostgres
import Testing
import Vanilla
import VanillaPostgres

@testable import HexagonalExample

@Suite struct PostgresStoreTests {
    @Test func bringsAnOlderDatabaseUpToDate() async throws {
        let connection = try emptyDatabase()
        let pool = try PostgresPool(.shared(connection, among: 1))
        try await Place().run {
            let old = PostgresMigration([PostgresMigration.all[0]])
            try await old.run(on: pool)
            _ = try await pool.query(
                "insert into hexagonal_users (name, password_hash) values ('ada', 'x')")
            let store = try PostgresStore(connection: connection, workers: 1)
            #expect(try await store.findUser(named: UserName("ada"))?.passwordHash.text == "x")
            #expect(try await store.listProducts(#require(Page())).isEmpty)
        }
        #expect(try psql(connection, "select * from hexagonal_migrations order by 1") == "1\n2\n")
    }

    @Test func refusesADatabaseOfALaterRelease() async throws {
        let connection = try emptyDatabase()
        let pool = try PostgresPool(.shared(connection, among: 1))
        try await Place().run {
            let later = PostgresMigration(PostgresMigration.all + ["create table later (a int)"])
            try await later.run(on: pool)
            let store = try PostgresStore(connection: connection, workers: 1)
            await #expect(throws: NewerDatabase.self) {
                try await store.listUsers(#require(Page()))
            }
        }
    }

    @Test func leavesADatabaseAsItWasWhereAStepFails() async throws {
        let connection = try emptyDatabase()
        let pool = try PostgresPool(.shared(connection, among: 1))
        try await Place().run {
            let wrong = PostgresMigration([
                PostgresMigration.all[0], "create table hexagonal_users (a int)",
            ])
            await #expect(throws: PostgresError.self) { try await wrong.run(on: pool) }
            try await PostgresMigration().run(on: pool)
        }
        #expect(try psql(connection, "select max(version) from hexagonal_migrations") == "2\n")
    }

    /// Such as the example `database`.
    @Test func leavesTheTablesOfOthersAlone() async throws {
        let connection = try emptyDatabase()
        _ = try psql(connection, "create table users (id serial primary key, name text not null)")
        _ = try psql(connection, "insert into users (name) values ('another')")
        try await Place().run {
            let store = try PostgresStore(connection: connection, workers: 1)
            _ = try await store.addUser(
                named: UserName("ada"), passwordHash: PasswordHash("x"))
            #expect(try await store.listUsers(#require(Page())).count == 1)
        }
        #expect(try psql(connection, "select name from users") == "another\n")
    }

    @Test func isPreparedByManyAtTheSameTime() async throws {
        let connection = try emptyDatabase()
        let places = try (0..<4).map { _ in try Place() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for place in places {
                group.addTask {
                    try await place.run {
                        let store = try PostgresStore(connection: connection, workers: 1)
                        _ = try await store.listUsers(#require(Page()))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try psql(connection, "select count(*) from hexagonal_migrations") == "2\n")
    }

    /// A database may be late, and may go and come back.
    @Test func isBusyWhileThereIsNoDatabase() async throws {
        let postgres = try PrivatePostgres()
        defer { postgres.stop() }
        let place = try Place()
        let store = try PostgresStore(connection: postgres.connectionString, workers: 1)
        try postgres.halt()
        _ = try await place.run {
            await #expect(throws: ApplicationError.busy) {
                try await store.listUsers(#require(Page()))
            }
        }
        try postgres.start()
        let ada = try await place.run { try await added("ada", to: store) }
        try postgres.restart()
        let listed = try await place.run { try await list(store) }
        #expect(listed == [ada])
    }

    @Test(arguments: [(1, 10, 2, 10), (2, 5, 2, 10), (10, 1, 1, 10), (64, 1, 1, 64)])
    func dividesTenConnections(workers: Int, each: Int, idle: Int, all: Int) {
        let configuration = PostgresPool.Configuration.shared("", among: workers)
        #expect(configuration.maximum == each && configuration.minimum == idle)
        #expect(configuration.maximumInProcess == all)
    }

    @Test func refusesAConnectionStringThatIsNone() {
        #expect(throws: PostgresError.self) {
            try PostgresStore(connection: "nonsense", workers: 1)
        }
    }
}

/// Once the database is there again: that of which a client is told to come back.
private func added(_ name: String, to store: PostgresStore) async throws -> User {
    try await repeated {
        try await store.addUser(named: UserName(name), passwordHash: PasswordHash("x"))
    }
}

private func list(_ store: PostgresStore) async throws -> [User] {
    try await repeated { try await store.listUsers(#require(Page())) }
}

/// Asks again as long as it is busy, for a minute at most.
private func repeated<Result>(_ body: () async throws -> Result) async throws -> Result {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
        do {
            return try await body()
        } catch ApplicationError.busy where ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
