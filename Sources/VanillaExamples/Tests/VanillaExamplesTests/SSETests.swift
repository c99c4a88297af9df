// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import SSEExample

@Suite struct SSETests {
    private let hub: EventHub
    private let server: Server

    init() throws {
        hub = try EventHub()
        server = try .notifications(local(), hub: hub)
    }

    @Test func servesItsPage() {
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.text.contains("new EventSource(\"/sse\")"))
    }

    @Test(arguments: ["/notification", "/broadcast"])
    func publishesWhatIsPosted(path: String) throws {
        #expect(server.answer(post(path, "")).status == 200)
        #expect(server.answer(post(path, "two\nlines")).status == 200)
        #expect(hub.statistics.published == 2)
        for stream in ["/sse", "/events"] {
            // An id that nobody knows: there is a gap, and all that is left.
            let text = server.answer(get(stream, fields: "Last-Event-ID: x")).text
            #expect(text.contains("event: gap\n") && text.contains("data: two\ndata: lines\n\n"))
            #expect(text.contains("data: Notification at 20"))
        }
    }

    @Test(arguments: [
        ("/sse", "POST", "GET, HEAD, OPTIONS"), ("/events", "POST", "GET, HEAD, OPTIONS"),
        ("/notification", "GET", "OPTIONS, POST"), ("/broadcast", "GET", "OPTIONS, POST"),
    ])
    func refusesOtherMethods(path: String, method: String, allowed: String) {
        let answer = server.answer(get(path, method: method))
        #expect(answer.status == 405 && answer["Allow"] == allowed)
    }

    @Test func takesMessagesOf64KiBAndNotOneByteMore() {
        #expect(server.answer(post("/notification", text(64 << 10))).status == 200)
        #expect(server.answer(post("/notification", text((64 << 10) + 1))).status == 413)
    }

    private func text(_ count: Int) -> String { String(repeating: "x", count: count) }

    @Test func reportsItsCounters() {
        _ = server.answer(post("/notification", "a"))
        let lines = server.answer(get("/metrics")).text.split(separator: "\n")
        #expect(lines.contains("events_published 1") && lines.contains("events_subscribers 0"))
    }
}
