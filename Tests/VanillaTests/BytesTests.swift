// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct BytesTests {
    @Test func areInsertedAsText() throws {
        let server = try offline { request, response in
            response.send("<\(request.path)> \(request.method) \(request.body)")
        }
        #expect(server.answer(post("/caf\u{E9}%20", "\u{E9}!")).status == 400)
        #expect(server.answer(post("/a%20b", "\u{E9}!")).text == "</a%20b> POST \u{E9}!")
    }

    @Test(arguments: [
        ("", true), ("a", true), ("ab", true), ("abc", true), ("abcd", false), ("b", false),
    ])
    func knowsItsPrefixes(prefix: String, expected: Bool) {
        let bytes = Array("abc".utf8)
        let view = Bytes(bytes.span)
        let found =
            switch prefix {
            case "": view.hasPrefix("")
            case "a": view.hasPrefix("a")
            case "ab": view.hasPrefix("ab")
            case "abc": view.hasPrefix("abc")
            case "abcd": view.hasPrefix("abcd")
            default: view.hasPrefix("b")
            }
        #expect(found == expected)
    }

    @Test func isMatchedByLiteralsInASwitch() {
        for (text, expected) in [("/", 1), ("/user", 2), ("/users", 3), ("", 4), ("/use", 5)] {
            let bytes = Array(text.utf8)
            let matched =
                switch Bytes(bytes.span) {
                case "/": 1
                case "/user": 2
                case "/users": 3
                case "": 4
                default: 5
                }
            #expect(matched == expected, "\(text)")
        }
    }

    @Test func comparesWithTextAndBytes() {
        let bytes = Array("caf\u{E9}".utf8)
        let view = Bytes(bytes.span)
        let text = String(decoding: bytes, as: UTF8.self)
        expect(view == text)
        expect(view == text[...])
        expect(view == "café")
        expect(view == Bytes(bytes.span))
        expect(view != "cafe" && !(view == "cafe") && !(view != "café"))
        expect(view != text.dropFirst() && view != Bytes(bytes.span).dropFirst())
        expect(!(view == String(repeating: "x", count: 5)))
        expect(view.equalsIgnoringCase("CAFé"))
        expect(!view.equalsIgnoringCase("CAF"))
        // Only letters have a case: [ and { differ by the same bit.
        let bracket = [UInt8(ascii: "[")]
        expect(!Bytes(bracket.span).equalsIgnoringCase("{"))
    }

    @Test(arguments: [
        (-1, "", "abc"), (0, "", "abc"), (1, "a", "bc"), (3, "abc", ""), (4, "abc", ""),
        (Int.max, "abc", ""),
    ])
    func slicesWithinItsBounds(count: Int, first: String, rest: String) {
        let bytes = Array("abc".utf8)
        let view = Bytes(bytes.span)
        #expect(String(view.prefix(count)) == first)
        #expect(String(view.dropFirst(count)) == rest)
    }

    @Test func dropsAPrefixThatItHas() {
        let bytes = Array("/user/1".utf8)
        let view = Bytes(bytes.span)
        if let id = view.dropping(prefix: "/user/") {
            expect(id == "1")
        } else {
            Issue.record("the prefix was not found")
        }
        if view.dropping(prefix: "/users/") != nil {
            Issue.record("a prefix was found that is not there")
        }
    }

    @Test func findsAByte() {
        let bytes = Array("a/b/".utf8)
        #expect(Bytes(bytes.span).firstIndex(of: UInt8(ascii: "/")) == 1)
        #expect(Bytes(bytes.span).firstIndex(of: UInt8(ascii: "c")) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("-0", 0),
            ("", nil), ("-", nil), ("+1", nil), (" 1", nil), ("1 ", nil), ("1x", nil), ("0x1", nil),
            ("1.0", nil),
            ("9223372036854775808", nil), ("-9223372036854775809", nil),
            ("99999999999999999999999", nil), ("--1", nil),
        ] as [(String, Int?)])
    func readsDecimalNumbers(text: String, expected: Int?) {
        let bytes = Array(text.utf8)
        #expect(Int(Bytes(bytes.span)) == expected)
    }

    @Test(
        arguments: [("255", 255), ("256", nil), ("-1", nil), ("-0", nil), ("2560", nil)]
            as [(String, UInt8?)])
    func readsNumbersThatFitTheType(text: String, expected: UInt8?) {
        let bytes = Array(text.utf8)
        #expect(UInt8(Bytes(bytes.span)) == expected)
    }

    @Test(
        arguments: [
            ("", ""), ("abc", "abc"), ("%41", "A"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"),
            ("%C3%A9", "é"), ("a+b", "a+b"),
            ("%25", "%"), ("%2541", "%41"), ("%0D%0A", "\r\n"), ("%00", "\0"),
            ("%", nil), ("%4", nil), ("%4x", nil), ("%x4", nil), ("a%", nil), ("%%41", nil),
            ("% 1", nil), ("%+1", nil),
            ("%FF", nil), ("%C3", nil), ("%C3x", nil),
        ] as [(String, String?)])
    func decodesPercentEncodedText(encoded: String, expected: String?) {
        let bytes = Array(encoded.utf8)
        #expect(Bytes(bytes.span).percentDecoded() == expected)
    }

    @Test func decodesAPlusAsASpaceWhereAsked() {
        let bytes = Array("a+b%2Bc".utf8)
        #expect(Bytes(bytes.span).percentDecoded(plusIsSpace: true) == "a b+c")
    }

    @Test func decodesBytesThatAreNoText() {
        let bytes = Array("%FF%00a".utf8)
        #expect(Bytes(bytes.span).percentDecodedBytes() == [0xFF, 0, 0x61])
    }

    @Test func decodesEveryPairOfBytesBehindAPercentWithoutATrap() {
        for high in UInt8.min...UInt8.max {
            for low in UInt8.min...UInt8.max {
                let bytes = [UInt8(ascii: "%"), high, low]
                let expected = UInt8(exactly: hexadecimalValue(high) * 16 + hexadecimalValue(low))
                    .map { [$0] }
                #expect(Bytes(bytes.span).percentDecodedBytes() == expected)
            }
        }
    }

    private func hexadecimalValue(_ byte: UInt8) -> Int {
        Character(UnicodeScalar(byte)).isASCII
            ? Character(UnicodeScalar(byte)).hexDigitValue ?? 999 : 999
    }

    @Test func becomesTextAndArrays() {
        let bytes: [UInt8] = [0x61, 0xFF]
        let view = Bytes(bytes.span)
        #expect(String(view) == "a\u{FFFD}")
        #expect(String(validating: view) == nil)
        #expect(Array(view) == bytes)
        #expect(view.count == 2 && !view.isEmpty)
        #expect(String(validating: view.prefix(1)) == "a")
    }
}
