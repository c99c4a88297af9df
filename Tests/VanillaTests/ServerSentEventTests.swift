// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct ServerSentEventTests {
    @Test(arguments: [
        (ServerSentEvent("a"), "data: a\n\n"),
        ("a literal", "data: a literal\n\n"),
        (ServerSentEvent(""), "data: \n\n"),
        (ServerSentEvent(), "\n"),
        (ServerSentEvent("a\nb"), "data: a\ndata: b\n\n"),
        (ServerSentEvent("a\rb"), "data: a\ndata: b\n\n"),
        (ServerSentEvent("a\r\nb"), "data: a\ndata: b\n\n"),
        (ServerSentEvent("a\n\rb"), "data: a\ndata: \ndata: b\n\n"),
        (ServerSentEvent("a\r\n\r\nb"), "data: a\ndata: \ndata: b\n\n"),
        (ServerSentEvent("\n"), "data: \ndata: \n\n"),
        (ServerSentEvent("a\n"), "data: a\ndata: \n\n"),
        (ServerSentEvent("  two spaces"), "data:   two spaces\n\n"),
        (ServerSentEvent(": no comment"), "data: : no comment\n\n"),
        (ServerSentEvent("data: no field"), "data: data: no field\n\n"),
        (ServerSentEvent("x", event: "price", id: "7"), "event: price\nid: 7\ndata: x\n\n"),
        (ServerSentEvent("x", event: ""), "data: x\n\n"),
        (ServerSentEvent("x", id: ""), "id: \ndata: x\n\n"),
        (ServerSentEvent("x", event: " a:b "), "event:  a:b \ndata: x\n\n"),
        (ServerSentEvent(retry: .seconds(3)), "retry: 3000\n\n"),
        (ServerSentEvent(retry: .zero), "retry: 0\n\n"),
        (ServerSentEvent(retry: .microseconds(1)), "retry: 1\n\n"),
        (ServerSentEvent(comment: "a\r\nb"), ": a\n: b\n\n"),
        (ServerSentEvent("x", comment: ""), ": \ndata: x\n\n"),
        (ServerSentEvent("\u{FEFF}ü€😀\u{2028}"), "data: \u{FEFF}ü€😀\u{2028}\n\n"),
    ])
    func isFramed(event: ServerSentEvent, expected: String) throws {
        #expect(String(decoding: try event.serialized(), as: UTF8.self) == expected)
    }

    @Test(arguments: ["a\nb", "a\rb", "a\r\nb", "a\0b", "\n", "\0"])
    func refusesTypesAndIDsThatWouldBreakIt(text: String) {
        for event in [ServerSentEvent("x", event: text), ServerSentEvent("x", id: text)] {
            #expect { try event.serialized() } throws: {
                ($0 as? EventError)?.kind == .invalidEvent
            }
        }
    }

    /// Last-Event-ID must be able to bring it back: a field's outer spaces are dropped, and its
    /// control bytes are refused (RFC 9110, section 5.5).
    @Test(arguments: [
        " a", "a ", "\ta", "a\t", " ", "\t", "a\u{1}b", "\u{1F}", "\u{7F}", "a\u{7F}",
        String(repeating: "x", count: 256),
    ])
    func refusesIDsThatAFieldCannotHold(id: String) {
        #expect { try ServerSentEvent("x", id: id).serialized() } throws: {
            ($0 as? EventError)?.kind == .invalidEvent
        }
    }

    @Test(arguments: [
        "", "a b", "a\tb", "ü€", "\u{85}", "~!\"#", String(repeating: "x", count: 255),
    ])
    func takesIDsThatAFieldCanHold(id: String) throws {
        #expect(try ServerSentEvent("x", id: id).serialized().count > 0)
    }

    @Test func refusesANegativeRetry() {
        #expect { try ServerSentEvent(retry: .milliseconds(-1)).serialized() } throws: {
            ($0 as? EventError)?.kind == .invalidEvent
        }
    }

    /// Whatever the text, the client gets it back, line ends being LF, and no field more.
    @Test(arguments: UInt64(1)...20)
    func comesBackAsItWas(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var parser = EventParser()
        var expected: [EventParser.Event] = []
        for number in 0..<50 {
            func text(_ count: Int) -> String {
                let alphabet = "\r\n: \0data:eventidretry\u{FEFF}ü"
                return String(
                    decoding: generator.bytes(upTo: count, of: alphabet), as: UTF8.self)
            }
            let data = text(60)
            let type = String(
                decoding: text(6).utf8.filter { ![0, 0x0A, 0x0D].contains($0) }, as: UTF8.self)
            parser.feed(
                try ServerSentEvent(data, event: type, id: "\(number)", comment: text(20))
                    .serialized())
            expected.append(
                EventParser.Event(
                    type: type.isEmpty ? "message" : type, data: withLineFeeds(data),
                    lastID: "\(number)"))
        }
        #expect(parser.events == expected)
        #expect(parser.retry == nil)
    }

    private func withLineFeeds(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte == 0x0A, bytes.last == 0x0D { bytes.removeLast() }
            bytes.append(byte)
        }
        return String(decoding: bytes.map { $0 == 0x0D ? 0x0A : $0 }, as: UTF8.self)
    }
}

/// The second opinion itself, by the cases that browsers are tested with: what a client makes of
/// each kind of line.
@Suite struct EventParserTests {
    private typealias Event = EventParser.Event

    private static let cases: [(String, [EventParser.Event])] = [
        // A byte order mark at the very start is dropped, a second one is part of a field's name.
        ("\u{FEFF}data:1\n\n\u{FEFF}data:2\n\ndata:3\n\n", [Event(data: "1"), Event(data: "3")]),
        ("\u{FEFF}\u{FEFF}data:1\n\ndata:2\n\n", [Event(data: "2")]),
        // Comments of all sorts, and what only looks like one.
        (
            "data:1\r:\0\n:\r\ndata:2\n:xxxxxx\rdata:3\n:data:no\rdata:4\n\n",
            [Event(data: "1\n2\n3\n4")]
        ),
        // Lines that are no event: an end without a blank line says nothing.
        ("data: lost", []), ("data: lost\n", []), ("id: 1\nevent: x\n\n", []),
        // Data: without a colon, with and without the space.
        ("data\n\n", [Event(data: "")]), ("data:\n\n", [Event(data: "")]),
        ("data\ndata\n\ndata:test\n\n", [Event(data: "\n"), Event(data: "test")]),
        (
            "data: 1\n\ndata:  2\n\ndata:\t3\n\n",
            [Event(data: "1"), Event(data: " 2"), Event(data: "\t3")]
        ),
        ("data:\0\n\n", [Event(data: "\0")]),
        // Types, which count for one event alone; an empty one is no type.
        ("event:test\ndata:1\n\ndata:2\n\n", [Event(type: "test", data: "1"), Event(data: "2")]),
        ("event: \ndata:1\n\n", [Event(data: "1")]),
        ("event:a\nevent:b\ndata:1\n\n", [Event(type: "b", data: "1")]),
        // Ids: they stay for the events after them; an empty one resets; NUL makes it void.
        (
            "id: 1\ndata:a\n\ndata:b\n\n",
            [Event(data: "a", lastID: "1"), Event(data: "b", lastID: "1")]
        ),
        ("id:1\ndata:a\n\nid\ndata:b\n\n", [Event(data: "a", lastID: "1"), Event(data: "b")]),
        ("id: \0\ndata:a\n\n", [Event(data: "a")]),
        ("id:1\n\ndata:a\n\n", [Event(data: "a", lastID: "1")]),
        // Unknown fields, among them names in another case and with a space.
        ("data:1\n data:2\ndata\n:data:3\nDATA:4\njustsome:5\n\n", [Event(data: "1\n")]),
        // Each end of a line, mixed.
        ("data:1\rdata:2\ndata:3\r\n\r\n", [Event(data: "1\n2\n3")]),
        (
            "data:1\r\rdata:2\r\n\ndata:3\n\r",
            [Event(data: "1"), Event(data: "2"), Event(data: "3")]
        ),
        // What is no UTF-8 was replaced; what is, stays.
        ("data:ok…\n\n", [Event(data: "ok…")]),
    ]

    @Test(arguments: cases.indices)
    func readsAsBrowsersDo(index: Int) {
        let (stream, expected) = Self.cases[index]
        var whole = EventParser()
        whole.feed(stream.utf8)
        #expect(whole.events == expected, "\(stream.debugDescription)")
    }

    @Test(arguments: [
        ("retry:3000\n", 3000), ("retry: 0\n", 0), ("retry:03000\n", 3000), ("retry:\n", nil),
        ("retry\n", nil), ("retry:1x\n", nil), ("retry:-1\n", nil), ("retry:1000\nretry:x\n", 1000),
    ])
    func readsRetryOfDigitsAlone(stream: String, expected: Int?) {
        var parser = EventParser()
        parser.feed(stream.utf8)
        #expect(parser.retry == expected)
    }
}
