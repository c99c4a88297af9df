// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaJSON

@Suite struct JSONSyntaxTests {
    private func flaw(_ bytes: [UInt8], maximumNesting: Int = 128) -> JSONSyntax.Flaw? {
        do throws(JSONSyntax.Flaw) {
            _ = try JSONSyntax.scan(Bytes(bytes.span), maximumNesting: maximumNesting)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "-1", "10", "1.5", "-0.25e-10", "1E+2", "0e0", "\"\"",
        "[]", "{}", " \t\r\n[ ] \n", "[1,2 , 3]", "{\"a\":1}", "{ \"a\" : [ { } , [ ] ] }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\\uabCD\"", "\"ä€😀\u{7F}\u{FEFF}\"",
        "{\"\":1,\"\":2}", "[[[[]]],{\"a\":{\"b\":[null]}}]", "1e999", "99999999999999999999999999",
    ])
    func takesJSON(text: String) {
        #expect(flaw(Array(text.utf8)) == nil)
        #expect(SimpleJSON.accepts(Array(text.utf8)))
    }

    @Test(arguments: [
        ("", 0), (" ", 1), ("nul", 0), ("nulll", 4), ("True", 0), ("01", 1), ("-", 1), ("-a", 1),
        ("+1", 0), (".5", 0), ("1.", 2), ("1.e1", 2), ("1e", 2), ("1e+", 3), ("--1", 1), ("0x1", 1),
        ("1 2", 2), ("[", 1), ("]", 0), ("[}", 1), ("{]", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3),
        ("[,1]", 1), ("[1 2]", 3), ("[1,,2]", 3), ("[]]", 2), ("{\"a\"}", 4), ("{\"a\":}", 5),
        ("{\"a\":1,}", 7), ("{a:1}", 1), ("{1:1}", 1), ("{\"a\":1 \"b\":2}", 7), ("{,}", 1),
        ("{\"a\",1}", 4), ("{\"a\"::1}", 5), ("{\"a\":1]", 6), ("[1}", 2), ("[]{}", 2),
        ("\"", 1), ("\"a", 2), ("\"\\", 2), ("\"\\a\"", 2), ("\"\\u12\"", 5), ("\"\\u12g4\"", 5),
        ("\"\n\"", 1), ("\"\t\"", 1), ("\"\0\"", 1), ("'a'", 0), ("NaN", 0), ("Infinity", 0),
        ("-Infinity", 1), ("// a\n1", 0), ("[1]/**/", 3), ("\u{FEFF}1", 0), ("\u{A0}1", 0),
        ("\"\\uD800\"", 7), ("\"\\uDC00\"", 2), ("\"\\uD800\\n\"", 8), ("\"\\uD800\\uD800\"", 2),
    ])
    func findsTheFirstFlaw(text: String, at index: Int) {
        #expect(flaw(Array(text.utf8)) == .malformed(at: index))
        #expect(!SimpleJSON.accepts(Array(text.utf8)))
    }

    /// Every sequence of two bytes, and those around the edges of the longer ones.
    @Test func takesNoBytesThatAreNoUTF8() {
        let edges: [UInt8] = [0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
        for first in UInt8(0x80)...0xFF {
            for second in UInt8(0)...0xFF { expectSame([first, second]) }
        }
        for first in UInt8(0xE0)...0xF8 {
            for second in edges {
                for third in edges {
                    expectSame([first, second, third])
                    for fourth in edges { expectSame([first, second, third, fourth]) }
                }
            }
        }
    }

    private func expectSame(_ bytes: [UInt8]) {
        let text = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        let isAccepted = flaw(text) == nil
        if isAccepted != SimpleJSON.accepts(text) { Issue.record("\(bytes) are \(isAccepted)") }
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func stopsAtTheNestingLimit(opening: String) {
        let depth = opening.hasPrefix("[{") ? 2 : 1
        let closing = opening.hasPrefix("[{") ? "}]" : opening == "[" ? "]" : "}"
        for count in [0, 1, 5] {
            let text = Array(
                (String(repeating: opening, count: count) + "1"
                    + String(repeating: closing, count: count)).utf8)
            #expect(flaw(text, maximumNesting: count * depth) == nil)
            if count > 0 { #expect(flaw(text, maximumNesting: count * depth - 1) == .tooDeep) }
        }
        #expect(flaw(Array("[[],[],[[]]]".utf8), maximumNesting: 3) == nil)
        #expect(flaw(Array("[]".utf8), maximumNesting: 0) == .tooDeep)
        #expect(flaw(Array("[]".utf8), maximumNesting: -1) == .tooDeep)
    }

    @Test func standsAnyDepth() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 8 << 20)
        #expect(flaw(deep) == .tooDeep)
        #expect(flaw(Array(deep.prefix(100_000)), maximumNesting: .max) == .malformed(at: 100_000))
    }

    /// Whatever the bytes: no trap, and what a parser says that was written to be simple. What is
    /// accepted Foundation accepts as well.
    @Test func judgesAnyBytesAsTheSimpleParserDoes() {
        var generator = SeededGenerator(seed: 4)
        var accepted = 0
        for round in 0..<15_000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = generator.bytes(upTo: 12, of: "[]{}\",:\\u0019.eE+- \ntrufalsn")
            } else {
                // A text that is JSON, with some of its bytes changed.
                bytes = Array(randomValue(depth: 3, &generator).utf8)
                for _ in 0..<Int.random(in: 0...2, using: &generator) where !bytes.isEmpty {
                    let index = Int.random(in: bytes.indices, using: &generator)
                    let other = Int.random(in: bytes.indices, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[index] = bytes[other]
                    case 1: bytes.remove(at: index)
                    default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                    }
                }
            }
            let isAccepted = flaw(bytes) == nil
            accepted += isAccepted ? 1 : 0
            #expect(isAccepted == SimpleJSON.accepts(bytes), "\(bytes)")
            if case .malformed(let index) = flaw(bytes) { #expect(0...bytes.count ~= index) }
        }
        #expect(1_000...14_000 ~= accepted)
    }

    private func randomValue(depth: Int, _ generator: inout SeededGenerator) -> String {
        let scalars = [
            "null", "true", "false", "0", "-12", "3.25", "1e5", "\"\"", "\"a\\n\\u00e9\"", "\"ä😀\"",
            "\"\\uD83D\\uDE00\"",
        ]
        let kind = depth == 0 ? 0 : Int.random(in: 0..<3, using: &generator)
        let values = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            kind == 0 ? "" : randomValue(depth: depth - 1, &generator)
        }
        switch kind {
        case 1: return "[\(values.joined(separator: ", "))]"
        case 2: return "{\(values.map { "\"k\" : \($0)" }.joined(separator: ","))}"
        default: return scalars[Int.random(in: scalars.indices, using: &generator)]
        }
    }
}
