// SPDX-License-Identifier: MIT

import PrivatePostgres
import Synchronization
import Testing
import Vanilla
import VanillaPostgres
import VanillaTestSupport
import VanillaTesting

@testable import DatabaseExample

/// One database server for all tests, with a schema for each.
private let postgres = Result { try PrivatePostgres(settings: ["max_connections": "200"]) }
private let schemas = Atomic(0)

/// How to connect to where no table is.
private func emptyDatabase() throws -> String {
    let name = "users\(schemas.add(1, ordering: .relaxed).newValue)"
    let connection = try postgres.get().connectionString
    _ = try query(connection, "create schema \(name)")
    return "\(connection) options='-c search_path=\(name)'"
}

/// Asks by PostgreSQL's own client.
private func query(_ connection: String, _ sql: String) throws -> String {
    let result = try run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, connection)
    try #require(result.status == 0, "\(result.output)")
    return result.output
}

private func makeServer(
    _ connection: String, _ backend: Server.Backend? = nil,
    _ change: (inout PostgresPool.Configuration) -> Void = { _ in }
) throws -> Server {
    var configuration = PostgresPool.Configuration.five(connection, among: 1)
    // Longer than a busy machine takes to connect.
    configuration.acquireTimeout = .seconds(20)
    configuration.log = { _, _ in }
    change(&configuration)
    return try .users(local(backend), in: PostgresPool(configuration))
}

@Suite struct DatabaseExampleTests {
    @Test(arguments: backends)
    func keepsUsers(backend: Server.Backend) throws {
        let answers = try makeServer(emptyDatabase(), backend).answers([
            get("/user"), post("/user", ""), post("/user", "Ada Lovelace"), post("/user", "Zoë 🐘"),
            get("/user"), get("/user/2"), get("/user?after=1"), get("/user/%32"), get("/"),
        ])
        #expect(answers.map(\.status) == [200, 201, 201, 201, 200, 200, 200, 200, 200])
        #expect(
            answers.map(\.text) == [
                "", "1 new_user\n", "2 Ada Lovelace\n", "3 Zoë 🐘\n",
                "1 new_user\n2 Ada Lovelace\n3 Zoë 🐘\n", "2 Ada Lovelace\n",
                "2 Ada Lovelace\n3 Zoë 🐘\n", "2 Ada Lovelace\n", "",
            ])
        #expect(answers[1]["Location"] == "/user/1" && answers[3]["Location"] == "/user/3")
        #expect(answers[4]["Content-Type"] == "text/plain; charset=utf-8")
        #expect(answers[8]["Content-Type"] == "application/json")
    }

    @Test(arguments: backends)
    func refusesWhatIsNoUser(backend: Server.Backend) throws {
        let rows = [
            ("/user/2", 404), ("/user/0", 404), ("/user/-1", 404), ("/user/2147483647", 404),
            // Beyond the column's type there is no id.
            ("/user/2147483648", 400), ("/user/99999999999999999999", 400),
            ("/user/one", 400), ("/user/1x", 400), ("/user/+1", 400), ("/user/1.0", 400),
            ("/user/%201", 400), ("/user/1;drop%20table%20users", 400), ("/user/1%00", 400),
            ("/user/1'--", 400), ("/user?after=x", 400), ("/user?after=2147483648", 400),
            ("/user/", 404), ("/user/1/2", 404), ("/users", 404),
            // No request at all: the connection ends.
            ("/user/1;drop table users", 400),
        ]
        let connection = try emptyDatabase()
        let server = try makeServer(connection, backend)
        let answers = try server.answers([post("/user", "ada")] + rows.map { get($0.0) })
        for (answer, row) in zip(answers.dropFirst(), rows) {
            #expect(answer.status == row.1, "\(row.0)")
        }
        #expect(answers.count == rows.count + 1)
        #expect(try query(connection, "select * from users") == "1|ada\n")
    }

    @Test(
        arguments: [
            ("a\nb", 400), ("a\r", 400), ("\0", 400), ("a\u{85}b", 400), ("a\u{2028}b", 400),
            ("'); drop table users; --", 201), ("$1", 201), (" ", 201),
            (String(repeating: "x", count: 255), 201), (String(repeating: "x", count: 256), 413),
        ])
    func takesANameThatIsALine(name: String, status: Int) throws {
        let connection = try emptyDatabase()
        let answers = try makeServer(connection).answers([
            post("/user", "ada"), post("/user", name),
        ])
        #expect(answers.map(\.status) == [201, status])
        let names = status == 201 ? ["ada", name] : ["ada"]
        #expect(
            try query(connection, "select name from users order by id")
                == names.map { $0 + "\n" }.joined())
    }

    @Test func refusesANameThatIsNoText() throws {
        let head = "POST /user HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"
        let server = try makeServer(emptyDatabase())
        #expect(try server.test([Array(head.utf8) + [0xff]]).map { Answer($0).status } == [400])
    }

    @Test(arguments: [
        ("/", "POST", "GET, HEAD, OPTIONS"), ("/user", "DELETE", "GET, HEAD, OPTIONS, POST"),
        ("/user/1", "POST", "GET, HEAD, OPTIONS"), ("/user/1", "DELETE", "GET, HEAD, OPTIONS"),
    ])
    func refusesOtherMethods(path: String, method: String, allowed: String) throws {
        let answer = try makeServer(emptyDatabase()).answers([get(path, method: method)])[0]
        #expect(answer.status == 405 && answer["Allow"] == allowed)
    }

    @Test func linksToWhatALongListLeavesOut() throws {
        let connection = try emptyDatabase()
        let server = try makeServer(connection)
        _ = try server.answers([get("/user")])
        _ = try query(
            connection, "insert into users (name) select 'x' from generate_series(1, 10001)")
        let answers = try makeServer(connection).answers([
            get("/user"), get("/user?after=1"), get("/user?after=2"),
        ])
        #expect(answers[0]["Link"] == "</user?after=10000>; rel=\"next\"")
        #expect(answers[1]["Link"] == "</user?after=10001>; rel=\"next\"")
        #expect(answers[2]["Link"] == nil)
        #expect(answers.map { $0.text.split(separator: "\n").count } == [10_000, 10_000, 9_999])
    }

    /// Also when it was there before, and statements were prepared with it.
    @Test func makesATableThatIsMissing() throws {
        let connection = try emptyDatabase()
        let server = try makeServer(connection)
        try server.start()
        for _ in 0..<2 {
            #expect(try exchange(post("/user", "ada"), port: server.port).text == "1 ada\n")
            #expect(try exchange(get("/user/1"), port: server.port).text == "1 ada\n")
            #expect(try exchange(get("/user"), port: server.port).text == "1 ada\n")
            _ = try query(connection, "drop table users")
        }
        #expect(try exchange(get("/user/1"), port: server.port).status == 404)
        server.stop()
        server.wait()
    }

    /// One has the connection, to a server that stands still; the others wait for the one.
    @Test(arguments: backends)
    func asksToComeBackWhenThePoolIsExhausted(backend: Server.Backend) throws {
        let postgres = try PrivatePostgres()
        let connection = postgres.connectionString
        let server = try makeServer(connection, backend) { configuration in
            configuration.maximum = 1
            configuration.acquireTimeout = .seconds(2)
            configuration.statementTimeout = .seconds(1)
        }
        try server.start()
        #expect(try exchange(post("/user", "ada"), port: server.port).status == 201)
        postgres.suspend()
        let answers = Recorder<Answer?>()
        for _ in 0..<12 {
            onAnotherThread { [port = server.port] in
                answers.record(try? exchange(post("/user", "eve"), port: port))
            }
        }
        #expect(answers.wait(for: 12))
        for answer in answers.values {
            #expect(answer?.status == 503 && answer?["Retry-After"] == "1")
        }
        postgres.resume()
        #expect(try exchange(get("/user/1"), port: server.port).text == "1 ada\n")
        server.stop()
        server.wait()
    }

    @Test func asksToComeBackWhenAQueryTakesTooLong() throws {
        let connection = try emptyDatabase()
        let server = try makeServer(connection) { configuration in
            configuration.statementTimeout = .milliseconds(200)
        }
        try server.start()
        #expect(try exchange(post("/user", "ada"), port: server.port).status == 201)
        _ = try query(connection, "alter table users rename to held")
        _ = try query(
            connection,
            "create view users as select id, name || pg_sleep(60)::text as name from held")
        let answer = try exchange(get("/user/1"), port: server.port)
        #expect(answer.status == 503 && answer["Retry-After"] == "1")
        server.stop()
        server.wait()
    }

    @Test(arguments: backends)
    func asksToComeBackWhileThereIsNoDatabase(backend: Server.Backend) throws {
        let nowhere = "host=/nowhere user=username dbname=example"
        let server = try makeServer(nowhere, backend) { configuration in
            configuration.acquireTimeout = .milliseconds(50)
        }
        for answer in try server.answers([get("/user"), get("/user/1"), post("/user", "")]) {
            #expect(answer.status == 503 && answer["Retry-After"] == "1")
        }
        #expect(try server.answers([get("/"), get("/user/x")]).map(\.status) == [200, 400])
    }

    /// None is left without a connection, and all of them have no more than five.
    @Test func dividesTheConnections() {
        for workers in 1...8 {
            let pool = PostgresPool.Configuration.five("", among: workers)
            #expect(pool.maximumInProcess == max(5, workers) && pool.maximum >= 1)
            #expect(pool.maximum * (workers - 1) < pool.maximumInProcess)
        }
        #expect(PostgresPool.Configuration.five("", among: 1).maximum == 5)
    }
}
