// SPDX-License-Identifier: MIT

import PrivatePostgres
import Testing
import Vanilla
import VanillaPostgres
import VanillaTestSupport
import VanillaTesting

/// A transaction around requests.
@Suite(.needsPostgres) struct PostgresMiddlewareTests {
    private struct Refused: Error {}

    @Test(arguments: backends)
    func commitsBeforeTheAnswerAndUndoesWhatFailed(backend: Server.Backend) async throws {
        let pool = try PostgresPool(.init(try database.get().makeDatabase()))
        try await withNotes(pool, backend) { client, told async throws in
            #expect(try await client.post("/notes/one").status == .created)
            #expect(try await client.post("/notes/two?fails").status == .internalServerError)
            #expect(try await client.post("/notes/three").status == .created)
            #expect(try await client.get("/notes").text == "one three")
            #expect(told.values == ["one", "three"])
            // Without the middleware there is none.
            #expect(try await client.get("/outside").status == .internalServerError)
        }
    }

    private func withNotes(
        _ pool: PostgresPool, _ backend: Server.Backend,
        _ body: (TestClient, Recorder<String>) async throws -> Void
    ) async throws {
        let told = Recorder<String>()
        let router = try Router { routes in
            routes.get("/outside") { request, response in
                response.send("\(try request.transaction.process)")
            }
            routes.group("/notes") { notes in
                notes.use(pool.transaction)
                notes.get("") { request, response in
                    let rows = try await request.transaction.query(
                        "select string_agg(text, ' ' order by number) from notes")
                    response.send(try rows[0][0, as: String.self])
                }
                notes.post("/:text") { request, response in
                    let text = try request.parameters.require("text")
                    let fails = request.query["fails"] != nil
                    let transaction = try request.transaction
                    try await transaction.query("insert into notes (text) values ($1)", text)
                    try transaction.afterCommit { told.record(text) }
                    response.send(status: .created)
                    if fails { throw Refused() }
                }
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        server.onStart {
            try await pool.query("create table notes (number serial, text text not null)")
        }
        try await server.test(.socket) { client async throws in try await body(client, told) }
    }
}
