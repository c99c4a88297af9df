// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaJSON
import VanillaTestSupport
import VanillaTesting
import VanillaTestingJSON

private struct Todo: Codable, Equatable, Sendable {
    var id: Int?
    var title: String
}

/// Values in JSON, as a test's client sends and reads them.
@Suite struct TestJSONTests {
    private func server() throws -> Server {
        let router = try Router { routes in
            routes.on([.post, .put, .patch], "/todos") { request, response in
                var todo = try request.decode(Todo.self)
                todo.id = 1
                try response.send(json: todo, status: .created)
            }
            routes.get("/text") { _, response in response.send("{}") }
        }
        return try Server(configuration: local(), router: router)
    }

    @Test func areSentAndRead() async throws {
        try await server().test { client in
            let todo = Todo(title: "buy milk")
            let answer = try await client.post("/todos", json: todo)
            #expect(answer.status == .created)
            #expect(try answer.decode(Todo.self) == Todo(id: 1, title: "buy milk"))
            #expect(try answer.decode(JSON.self) == ["id": 1, "title": "buy milk"])
            #expect(try await client.put("/todos", json: todo).status == .created)
            #expect(try await client.patch("/todos", json: todo).status == .created)
            #expect(try await client.send(.post, "/todos", json: todo).status == .created)
            #expect(
                try await client.post("/todos", json: ["title": "from a dictionary"]).status
                    == .created)
            #expect(
                try await client.post("/todos", body: .json(["title": 5])).status
                    == .unprocessableContent)
        }
    }

    @Test func failWithASentence() async throws {
        try await server().test { client in
            let answer = try await client.post("/todos", json: Todo(title: "x"))
            let error = #expect(throws: TestError.self) {
                try answer.decode([String: Int].self)
            }
            #expect(error?.kind == .unexpectedContent)
            #expect(error?.message.contains("title") == true)
            #expect(error?.message.contains("201 {") == true)
            let text = try await client.get("/text")
            #expect(
                #expect(throws: TestError.self) { try text.decode(Todo.self) }?.message
                    == "The answer is not JSON but text/plain: 200 {}")
        }
    }
}
