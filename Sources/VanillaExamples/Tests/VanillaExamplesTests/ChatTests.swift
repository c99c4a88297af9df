// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

@testable import ChatExample

@Suite struct ChatTests {
    private let hub: EventHub
    private let server: Server

    init() throws {
        hub = try EventHub()
        server = try .chat(local(), hub: hub)
    }

    @Test func servesItsPage() {
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.text.contains("new WebSocket("))
        for room in Room.allCases { #expect(answer.text.contains("<option>\(room.rawValue)")) }
    }

    @Test func letsPeopleTalkInARoom() async throws {
        try await server.test { client in
            let ada = try await client.webSocket("/rooms/kitchen?name=Ada")
            #expect(try await ada.receive() == .text("Ada has come."))
            let elsewhere = try await client.webSocket("/rooms/garden")
            #expect(try await elsewhere.receive() == .text("guest has come."))
            let grace = try await client.webSocket("/rooms/kitchen?name=Gr%C3%A1ce-1")
            for socket in [ada, grace] {
                #expect(try await socket.receive() == .text("Gráce-1 has come."))
            }
            grace.send("Tea?")
            for socket in [ada, grace] {
                #expect(try await socket.receive() == .text("Gráce-1: Tea?"))
            }
            try await grace.close()
            #expect(try await ada.receive() == .text("Gráce-1 has gone."))
            elsewhere.send("Nobody heard of it here.")
            #expect(
                try await elsewhere.receive() == .text("guest: Nobody heard of it here."))
        }
    }

    @Test func isReadAndToldWithoutASocket() async throws {
        #expect(server.answer(post("/rooms/lobby?name=curl", "Hello")).status == 200)
        let events = server.answer(get("/rooms/lobby/events", fields: "Last-Event-ID: x"))
        #expect(events.text.contains("data: curl: Hello\n\n"))
    }

    @Test(arguments: [
        ("/rooms/attic", "", 404), ("/rooms/lobby?name=a%20b", "", 400),
        ("/rooms/lobby?name=", "", 400), ("/rooms/lobby?name=Ada:", "", 400),
        ("/rooms/lobby?name=123456789012345678901", "", 400), ("/rooms/lobby", "", 426),
        ("/rooms/lobby", "Origin: https://elsewhere.example", 403),
    ])
    func refusesWhatItShould(target: String, origin: String, status: Int) {
        let handshake = [
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", origin,
        ]
        let fields = status == 426 ? [] : handshake.filter { !$0.isEmpty }
        let lines = fields.map { $0 + "\r\n" }.joined()
        #expect(server.answer("GET \(target) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n").status == status)
    }

    @Test func hearsNoSpeeches() async throws {
        try await server.test { client in
            let socket = try await client.webSocket("/rooms/lobby")
            _ = try await socket.receive()
            socket.send(String(repeating: "x", count: 4097))
            #expect(try await socket.receive() == nil)
            #expect(socket.closeCode?.code == 1009)
        }
    }
}
