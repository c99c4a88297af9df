// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// Server-sent events as a test's client reads them.
@Suite struct TestEventsTests {
    @Test(arguments: Lane.all)
    func comeAsTheyAreSent(lane: Lane) async throws {
        let streams = Recorder<EventStream>()
        defer { streams.clear() }
        let lastIDs = Recorder<String>()
        let server = try lane.server { routes in
            routes.get("/updates") { request, response in
                lastIDs.record(request.headers["last-event-id"] ?? "-")
                try response.streamEvents { stream in streams.record(stream) }
            }
            routes.get("/refused") { _, response in response.send(status: .forbidden) }
        }
        try await server.test(lane.mode) { client in
            let events = try await client.events("/updates", lastEventID: "41")
            try await waitUntil { !streams.values.isEmpty }
            let stream = streams.values[0]
            try stream.send("first")
            #expect(try await events.next()?.data == "first")
            try stream.send(ServerSentEvent("two\nlines", event: "change", id: "42"))
            let second = try await events.next()
            #expect(second?.data == "two\nlines" && second?.event == "change")
            #expect(second?.id == "42" && events.lastEventID == "42")
            try stream.send("third")
            stream.close()
            var rest: [String?] = []
            for try await event in events { rest.append(event.data) }
            #expect(rest == ["third"] && lastIDs.values == ["41"])

            let error = try await testError { _ = try await client.events("/refused") }
            #expect(error?.kind == .unexpectedContent && error?.message.contains("403") == true)
        }
    }

    @Test func areTakenApartAsBrowsersDo() async throws {
        let stream =
            "\u{FEFF}: a comment\n\ndata: a\r\ndata:b\rdata\n\nid: 7\nretry: 1500\n\n"
            + "event: e\nid: \u{0}\ndata:  c\nunknown: x\n\ndata: without an end\n"
        let server = try offline { _, response in
            response.send(stream, contentType: "text/event-stream")
        }
        try await server.test { client in
            let events = try await client.events("/")
            #expect(try await events.next()?.data == "a\nb\n")
            #expect(events.lastEventID == nil)
            let second = try await events.next()
            #expect(second?.data == " c" && second?.event == "e" && second?.id == nil)
            #expect(events.lastEventID == "7" && events.reconnectionTime == .milliseconds(1500))
            #expect(try await events.next() == nil)
        }
    }
}
