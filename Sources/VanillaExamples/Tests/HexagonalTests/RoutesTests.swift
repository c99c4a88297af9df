// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import Testing
import Vanilla
import VanillaTestSupport

@testable import HexagonalExample

/// The whole program over sockets, with each store and real hashes, on each backend.
@Suite struct RoutesTests {
    @Test(arguments: TestedStore.allCases, backends)
    func registersAndLogsIn(kind: TestedStore, backend: Server.Backend) throws {
        let answers = try answers(
            kind, backend,
            [
                json("/users", #"{"name": "ada", "password": "correct horse"}"#),
                json("/users", #"{"name": "bob", "password": "battery staple", "more": [1]}"#),
                get("/users"), get("/users?limit=1"), get("/users?after=1"), get("/users?after=2"),
                json("/login", #"{"name": "ada", "password": "correct horse"}"#),
            ])
        #expect(answers.map(\.status) == [201, 201, 200, 200, 200, 200, 200])
        #expect(answers.allSatisfy { answer in answer["Content-Type"] == "application/json" })
        #expect(answers.allSatisfy { answer in answer["Cache-Control"] == "no-store" })
        let (ada, bob) = (#"{"id":1,"name":"ada"}"#, #"{"id":2,"name":"bob"}"#)
        #expect(
            answers.map(\.text) == [ada, bob, "[\(ada),\(bob)]", "[\(ada)]", "[\(bob)]", "[]", ada])
    }

    @Test(arguments: TestedStore.allCases, backends)
    func addsProducts(kind: TestedStore, backend: Server.Backend) throws {
        let answers = try answers(
            kind, backend,
            [
                get("/products"),
                json("/products", #"{"name": "Tea", "price": 450, "currency": "EUR"}"#),
                get("/products"), get("/products", method: "HEAD"),
            ])
        let tea = #"{"currency":"EUR","id":1,"name":"Tea","price":450}"#
        #expect(answers.map(\.status) == [200, 201, 200, 200])
        #expect(answers.map(\.text) == ["[]", tea, "[\(tea)]", ""])
        #expect(answers[3]["Content-Length"] == "\(tea.utf8.count + 2)")
    }

    /// Name, password, and nothing that tells which of them was wrong.
    @Test(arguments: TestedStore.allCases, backends)
    func saysNotWhatIsWrongWithALogin(kind: TestedStore, backend: Server.Backend) throws {
        let answers = try answers(
            kind, backend,
            [
                json("/users", #"{"name": "ada", "password": "correct horse"}"#),
                json("/login", #"{"name": "ada", "password": "wrong horse"}"#),
                json("/login", #"{"name": "eve", "password": "correct horse"}"#),
                json("/login", #"{"name": "", "password": ""}"#),
            ])
        #expect(answers.map(\.status) == [201, 401, 401, 401])
        for answer in answers.dropFirst() {
            #expect(answer.text == #"{"error":"Wrong name or password."}"#)
            #expect(answer["WWW-Authenticate"] == "Form realm=\"hexagonal\"")
            let names = answer.fields.map(\.name)
            #expect(names == answers[1].fields.map(\.name))
        }
    }

    @Test(
        arguments: [
            ("/users", #"{"name": "ada", "password": "correct horse"}"#, 409, "name is taken"),
            ("/users", "{}", 422, "name must be a string, password must be a string"),
            (
                "/users", #"{"name": null, "password": 5}"#, 422,
                "name must be a string, password must be a string"
            ),
            (
                "/users", #"{"name": "x", "password": "correct horse"}"#, 422,
                "name must have 3 to 32 characters"
            ),
            (
                "/users", #"{"name": "bob", "password": "short"}"#, 422,
                "password must have 8 to 128 characters"
            ),
            ("/users", "[]", 422, ""), ("/users", "7", 422, ""), ("/users", "null", 422, ""),
            ("/users", "", 400, ""), ("/users", "{", 400, ""), ("/users", "{'name': 1}", 400, ""),
            (
                "/users", #"{"name": "\u0000bc", "password": "correct horse"}"#, 422,
                #"name must be made of a to z, 0 to 9, ".", "-" and "_""#
            ),
            ("/login", "{}", 422, "name must be a string, password must be a string"),
            (
                "/products", #"{"name": "Tea", "price": 4.5, "currency": "EUR"}"#, 422,
                "price must be a whole number"
            ),
            (
                "/products", #"{"name": "Tea", "price": 1e99, "currency": "EUR"}"#, 422,
                "price must be a whole number"
            ),
            (
                "/products", #"{"name": "Tea", "price": 999999999999.99999, "currency": "EUR"}"#,
                422, "price must be a whole number"
            ),
            (
                "/products", #"{"name": "Tea", "price": 1e-400, "currency": "EUR"}"#, 422,
                "price must be a whole number"
            ),
            (
                "/products", #"{"name": "Tea", "price": -1, "currency": "euro"}"#, 422,
                "currency must be a code of three capital letters, as EUR, price must be 0 to 1000000000000, in the smallest unit of the currency"
            ),
            (
                "/products", #"{"name": "a\nb", "price": 1, "currency": "EUR"}"#, 422,
                "name must have no control characters"
            ),
        ] as [(String, String, Int, String)])
    func saysWhatIsWrong(path: String, body: String, status: Int, problems: String) throws {
        let answer = try answers(
            .sqlite, nil,
            [
                json("/users", #"{"name": "ada", "password": "correct horse"}"#), json(path, body),
            ])[1]
        #expect(answer.status == status)
        #expect(answer["Content-Type"] == "application/json")
        let error = try #require(try? answer.decoded(TestedError.self))
        #expect(error.error.hasSuffix("."))
        let found = (error.problems ?? []).map { problem in "\(problem.field) \(problem.reason)" }
        #expect(found.joined(separator: ", ") == problems)
    }

    @Test(arguments: [
        (get("/users?limit=0"), 400), (get("/users?limit=1001"), 400), (get("/users?limit=x"), 400),
        (get("/products?after=1.5"), 400), (get("/products?after=99999999999999999999"), 400),
        (get("/users?limit=1000&after=-5"), 200),
        (
            post("/users", "name=ada", fields: "Content-Type: application/x-www-form-urlencoded"),
            415
        ),
        (post("/login", "{}"), 415), (get("/users", method: "DELETE"), 405),
        (get("/login"), 405), (get("/users/1"), 404), (get("/"), 404),
        (json("/users", String(repeating: " ", count: 16 << 10)), 400),
        (json("/users", String(repeating: " ", count: (16 << 10) + 1)), 413),
    ])
    func refusesOtherRequests(request: String, status: Int) throws {
        #expect(try answers(.sqlite, nil, [request])[0].status == status)
    }

    /// One keyboard sends an ä, another an a and a diaeresis, and spaces of many kinds.
    @Test func takesAPasswordInAnyForm() throws {
        let answers = try answers(
            .memory, nil,
            [
                json("/users", "{\"name\": \"ada\", \"password\": \"p\u{E4}ss w\u{F6}rd\"}"),
                json("/login", "{\"name\": \"ada\", \"password\": \"pa\u{308}ss w\u{F6}rd\"}"),
                json("/login", "{\"name\": \"ada\", \"password\": \"p\u{E4}ss\u{A0}wo\u{308}rd\"}"),
                json("/login", #"{"name": "ada", "password": "pass word"}"#),
            ])
        #expect(answers.map(\.status) == [201, 200, 200, 401])
    }

    /// What one client has under way does not fill the queue of all.
    @Test(arguments: backends)
    func boundsTheLoginsOfAnAddress(backend: Server.Backend) throws {
        let store = MemoryStore()
        let hasher = HeldHasher()
        let server = try Server.hexagonal(
            local(backend),
            application: Application(users: store, products: store, passwords: hasher),
            maximumHashesOfAddress: 1)
        try server.start()
        let login = json("/login", #"{"name": "ada", "password": "correct horse"}"#)
        let answers = Recorder<Answer>()
        onAnotherThread { [port = server.port] in
            if let answer = try? exchange(login, port: port) { answers.record(answer) }
        }
        #expect(hasher.begun.wait(for: 1))
        let refused = try exchange(login, port: server.port)
        #expect(refused.status == 429 && refused["Retry-After"] == "1")
        #expect(refused.text == #"{"error":"Too many of your requests are under way."}"#)
        hasher.release()
        #expect(answers.wait(for: 1) && answers.values[0].status == 401)
        // It is over for the next one.
        hasher.release()
        #expect(try exchange(login, port: server.port).status == 401)
        server.stop()
        server.wait()
    }

    @Test(arguments: backends)
    func asksToComeBackWhenItIsBusy(backend: Server.Backend) throws {
        let store = MemoryStore()
        var hasher = PlainHasher()
        hasher.isBusy = true
        let server = try Server.hexagonal(
            local(backend),
            application: Application(users: store, products: store, passwords: hasher))
        let credentials = #"{"name": "ada", "password": "correct horse"}"#
        for answer in try server.answers([json("/users", credentials), json("/login", credentials)])
        {
            #expect(answer.status == 503 && answer["Retry-After"] == "1")
            #expect(answer.text == #"{"error":"Too busy at the moment."}"#)
        }
        #expect(server.answer(get("/users")).text == "[]")
    }

    /// What the store says is for the log alone.
    @Test func tellsNobodyWhatBroke() throws {
        let store = MemoryStore(capacity: 0)
        let log = Recorder<String>()
        let server = try Server.hexagonal(
            local(log: log),
            application: Application(users: store, products: store, passwords: PlainHasher()))
        let answer = try server.answers([
            json("/users", #"{"name": "ada", "password": "correct horse"}"#)
        ])[0]
        #expect(answer.status == 500 && !answer.text.contains("Memory"))
        #expect(log.values.contains { line in line.contains("MemoryIsFull") })
    }

    /// While a password is hashed, whoever wants something else is answered: on the same worker.
    @Test(arguments: backends)
    func listsWhileItHashes(backend: Server.Backend) throws {
        let store = MemoryStore()
        let hasher = HeldHasher()
        let application = Application(users: store, products: store, passwords: hasher)
        let server = try Server.hexagonal(local(backend), application: application)
        try server.start()
        let answers = Recorder<Answer>()
        onAnotherThread { [port = server.port] in
            let login = json("/login", #"{"name": "ada", "password": "correct horse"}"#)
            if let answer = try? exchange(login, port: port) { answers.record(answer) }
        }
        #expect(hasher.begun.wait(for: 1))
        #expect(try exchange(get("/products"), port: server.port).text == "[]")
        #expect(answers.values.isEmpty)
        hasher.release()
        #expect(answers.wait(for: 1) && answers.values[0].status == 401)
        server.stop()
        server.wait()
    }

    /// The answers of a server whose store was empty, one after the other.
    private func answers(
        _ kind: TestedStore, _ backend: Server.Backend?, _ requests: [String]
    ) throws -> [Answer] {
        let store = try kind.open()
        defer { store.close() }
        let hasher = try Argon2Hasher(cost: Argon2Cost(memory: 8, passes: 1), threads: 2)
        let application = Application(
            users: store.store, products: store.store, passwords: hasher)
        return try Server.hexagonal(local(backend), application: application).answers(requests)
    }
}

private func json(_ target: String, _ body: String) -> String {
    post(target, body, fields: "Content-Type: application/json")
}

private struct TestedError: Decodable {
    struct Problem: Decodable {
        let field: String
        let reason: String
    }

    let error: String
    let problems: [Problem]?
}
