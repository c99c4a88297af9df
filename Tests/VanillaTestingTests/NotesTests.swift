// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTesting

/// The application: its program runs this server, and its tests test it.
func makeNotesServer(port: Int = 3000) throws -> Server {
    let notes = NoteStore()
    let hub = try EventHub()
    let router = try Router { routes in
        routes.post("/login") { request, response in
            let user = try request.form()["user"] ?? ""
            try response.setCookie(Cookie("user", user))
            response.send(status: .noContent)
        }
        routes.post("/notes") { request, response in
            guard let user = request.cookies["user"] else {
                throw RequestError(.unauthorized, "Log in first.")
            }
            let note = "\(user): \(String(request.body))"
            let number = await notes.add(note)
            try hub.publish(ServerSentEvent(note), to: "notes")
            response.headers["Location"] = "/notes/\(number)"
            response.send(note, status: .created)
        }
        routes.get("/notes/:number") { request, response in
            let number = try request.parameters.require("number", as: Int.self)
            guard let note = await notes.note(number) else {
                throw RequestError(.notFound, "There is no note \(number).")
            }
            response.send(note)
        }
        routes.get("/updates") { _, response in
            try response.subscribe(to: "notes", in: hub)
        }
    }
    return try Server(port: port, router: router)
}

actor NoteStore {
    private var notes: [String] = []

    func add(_ note: String) -> Int {
        notes.append(note)
        return notes.count
    }

    func note(_ number: Int) -> String? {
        notes.indices.contains(number - 1) ? notes[number - 1] : nil
    }
}

@Suite struct NotesTests {
    @Test(arguments: [TestMode.inProcess, .socket])
    func keepsANote(mode: TestMode) async throws {
        try await makeNotesServer().test(mode) { client in
            try await client.post("/login", body: .form(["user": "ada"]))
            let answer = try await client.post("/notes", body: "buy milk")
            #expect(answer.status == .created)
            #expect(answer.headers["location"] == "/notes/1")
            #expect(try await client.get("/notes/1").text == "ada: buy milk")
            #expect(try await client.get("/notes/2").status == .notFound)
        }
    }

    @Test func wantsALogin() async throws {
        try await makeNotesServer().test { client in
            let answer = try await client.post("/notes", body: "buy milk")
            #expect(answer.status == .unauthorized && answer.text == "Log in first.")
        }
    }

    @Test func tellsEverybodyOfANote() async throws {
        try await makeNotesServer().test { ada in
            let bob = ada.another()
            let updates = try await bob.events("/updates")
            try await ada.post("/login", body: .form(["user": "ada"]))
            try await ada.post("/notes", body: "buy milk")
            #expect(try await updates.next()?.data == "ada: buy milk")
        }
    }
}
