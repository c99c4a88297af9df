// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct CookiesTests {
    /// Answers with every cookie.
    private static func tell(_ request: Request, _ response: inout ResponseWriter) {
        var told: [UInt8] = []
        var cookies = request.cookies
        let isTruncated = cookies.isTruncated
        while let cookie = cookies.next() {
            told += Array(cookie.name) + Array(":".utf8) + Array(cookie.value) + Array("|".utf8)
        }
        response.send(told + Array((isTruncated ? "..." : "").utf8))
    }

    private let server: Server

    init() throws {
        server = try offline(CookiesTests.tell)
    }

    @Test(arguments: [
        (["a=1"], "a:1|"), (["a=1; b=2"], "a:1|b:2|"), (["a=1;b=2"], "a:1|b:2|"),
        (["a=1", "b=2; a=3"], "a:1|b:2|a:3|"), ([], ""), ([""], ""), ([";"], ""), (["; ;;"], ""),
        (["", "a=1", "", ";", "b=2"], "a:1|b:2|"),
        ([" a = 1 \t;\t b\t=\t2"], "a:1|b:2|"), (["a=1=2"], "a:1=2|"), (["a=x y"], "a:x y|"),
        (["a="], "a:|"), (["=1"], ":1|"), (["="], ":|"), (["one"], ":one|"),
        (["a=1; one;"], "a:1|:one|"),
        (["a=1,b=2"], "a:1,b=2|"), (["$Version=1; a=1"], "$Version:1|a:1|"),
        // Quotes around a value are no part of it; any others are.
        (["a=\"1\""], "a:1|"), (["a=\"\""], "a:|"), (["a=\""], "a:\"|"), (["a=\"1"], "a:\"1|"),
        (["a=1\""], "a:1\"|"), (["a=\"1\"2\""], "a:1\"2|"), (["a= \" 1 \" "], "a: 1 |"),
        // A quote does not hide what follows.
        (["a=\"1; b=2\"; c=3"], "a:\"1|b:2\"|c:3|"), (["\"a=1\""], "\"a:1\"|"),
    ])
    func findsNamesAndValues(lines: [String], expected: String) {
        let fields = lines.map { "Cookie: \($0)\r\n" }.joined()
        let answer = server.answer("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        #expect(answer.text == expected)
    }

    @Test func findsTheFirstOfAName() throws {
        let server = try offline { request, response in
            func text(_ value: String?) -> String { value.map { "[\($0)]" } ?? "-" }
            let cookies = request.cookies
            response.send(
                [
                    text(cookies["a"]), text(cookies["A"]), text(cookies["b"]), text(cookies["c"]),
                    text(cookies[""]), text(cookies["a", as: Bytes.self].map { String($0) }),
                    text(cookies["none"]),
                ].joined())
        }
        let answer = server.answer(get("/", fields: "Cookie: a=1; A=2; a=3", "cookie: b; c=\"\""))
        #expect(answer.text == "[1][2]-[][b][1]-")
    }

    @Test func findsNoneWhereThereIsNoLine() {
        #expect(server.answer(get("/", fields: "X-Cookie: a=1")).text == "")
    }

    @Test func goesThroughWhatIsLeft() throws {
        let server = try offline { request, response in
            var cookies = request.cookies
            _ = cookies.next()
            var names: [String] = []
            cookies.forEach { cookie in names.append(String(cookie.name)) }
            response.send(names.joined())
        }
        #expect(server.answer(get("/", fields: "Cookie: a=1; b=2", "Cookie: c=3")).text == "bc")
    }

    @Test(arguments: [(256, ""), (257, "...")])
    func stopsAtTheLimitAndSaysSo(count: Int, end: String) {
        let half = Array(repeating: "a=1", count: count / 2).joined(separator: "; ")
        let rest = Array(repeating: "a=1", count: count - count / 2).joined(separator: ";;")
        let answer = server.answer(get("/", fields: "Cookie: \(half)", "Cookie: \(rest)"))
        #expect(answer.text == String(repeating: "a:1|", count: 256) + end)
    }

    /// Whatever the bytes: no trap, and what a parser finds that was written to be simple. What no
    /// field may hold is refused before.
    @Test func readsAnyBytesAsTheSimpleParserDoes() {
        var generator = SeededGenerator(seed: 2)
        var answered = 0
        for _ in 0..<5_000 {
            let lines = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                generator.bytes(upTo: 30, of: "ab=; \t\",")
            }
            var request = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8)
            for line in lines { request += Array("Cookie:".utf8) + line + Array("\r\n".utf8) }
            let answer = Answer(server.handle(request + Array("\r\n".utf8)))

            let isAllowed = lines.allSatisfy { line in
                line.allSatisfy { $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }
            }
            #expect(answer.status == (isAllowed ? 200 : 400), "\(lines)")
            guard isAllowed else { continue }
            answered += 1
            #expect(answer.body == simplyTold(lines), "\(lines)")
        }
        #expect(answered > 500)
    }

    private func simplyTold(_ lines: [[UInt8]]) -> [UInt8] {
        var told: [UInt8] = []
        for pair in lines.flatMap({ $0.split(separator: UInt8(ascii: ";")) }) {
            let pair = simplyTrimmed(Array(pair))
            if pair.isEmpty { continue }
            var parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
            ).map { simplyTrimmed(Array($0)) }
            if parts.count == 1 { parts.insert([], at: 0) }
            if parts[1].count >= 2, parts[1].first == 0x22, parts[1].last == 0x22 {
                parts[1] = Array(parts[1].dropFirst().dropLast())
            }
            told += parts[0] + Array(":".utf8) + parts[1] + Array("|".utf8)
        }
        return told
    }

    private func simplyTrimmed(_ bytes: [UInt8]) -> [UInt8] {
        let trimmed = bytes.drop { $0 == 0x20 || $0 == 9 }.reversed().drop { $0 == 0x20 || $0 == 9 }
        return trimmed.reversed()
    }
}
