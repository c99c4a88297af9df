// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct QueryItemsTests {
    @Test func isMappedAsOtherOptionals() throws {
        let server = try offline { request, response in
            let text = request.query.first(named: "a").map { $0.decodedValue } ?? "none"
            let number = request.query.first(named: "a").flatMap { $0.number(as: Int.self) } ?? -1
            let host = request.headers["Host", as: Bytes.self].map { String($0) } ?? "none"
            let missing = request.headers["X", as: Bytes.self].flatMap { Int($0) } ?? -2
            response.send("\(text) \(number) \(host) \(missing)")
        }
        #expect(server.answer(get("/?a=7")).text == "7 7 a -2")
        #expect(server.answer(get("/?a=b+c", fields: "X: 8")).text == "b c -1 a 8")
        #expect(server.answer(get("/")).text == "none -1 a -2")
    }

    @Test func passesOnWhatAMappingThrows() throws {
        let server = try offline { request, response in
            do {
                let item = try request.query.first(named: "a").map { _ throws(TestFailure) -> Int in
                    throw TestFailure()
                }
                response.send("\(item as Int?)")
            } catch { response.send("thrown") }
        }
        #expect(server.answer(get("/?a=1")).text == "thrown")
        #expect(server.answer(get("/")).text == "nil")
    }

    @Test(arguments: [
        ("", []), ("a=1", ["a:1"]), ("a=1&b=2", ["a:1", "b:2"]), ("a", ["a:"]), ("a=", ["a:"]),
        ("=1", [":1"]),
        ("a=1=2", ["a:1=2"]), ("&&a=1&&b&", ["a:1", "b:"]), ("&", []), ("a=1;b=2", ["a:1;b=2"]),
        ("=", [":"]),
    ])
    func findsNamesAndValues(query: String, expected: [String]) {
        let bytes = Array(query.utf8)
        var found: [String] = []
        var items = Request.QueryItems(Bytes(bytes.span))
        while let item = items.next() { found.append("\(String(item.name)):\(String(item.value))") }
        #expect(found == expected)

        found = []
        Request.QueryItems(Bytes(bytes.span)).forEach { item in
            found.append("\(String(item.name)):\(String(item.value))")
        }
        #expect(found == expected)
    }

    @Test(arguments: [
        ("a+b=c%26d+e", "a b", "c&d e"), ("%61%3D=%2b%2B+", "a=", "++ "),
        // What is no escape stands for itself.
        ("x=%zz", "x", "%zz"), ("x=%", "x", "%"), ("x=%4", "x", "%4"), ("x=%%34", "x", "%4"),
        ("x=%4z%", "x", "%4z%"), ("%=%2", "%", "%2"),
        // What is no UTF-8 does not, and a zero is a character like others.
        ("x=%C3%A4%e2%82%ac", "x", "ä€"), ("x=a%FFb", "x", "a\u{FFFD}b"), ("x=%00", "x", "\0"),
        ("x=%EF%BB%BFy", "x", "\u{FEFF}y"),
    ])
    func decodesAsTheURLStandardSays(query: String, name: String, value: String) {
        let bytes = Array(query.utf8)
        var items = Request.QueryItems(Bytes(bytes.span))
        guard let item = items.next() else { return #expect(Bool(false), "no item") }
        #expect(item.decodedName == name)
        #expect(item.decodedValue == value)
        expect(Request.QueryItems(Bytes(bytes.span)).first(named: name) != nil)
    }

    @Test func findsAnItemByItsDecodedName() {
        let bytes = Array("p%61ge=2&page=3&two+words=4&%zz=5&=6&pag=7&pages=8".utf8)
        let items = Request.QueryItems(Bytes(bytes.span))
        #expect(value(items.first(named: "page")) == "2")
        #expect(value(items.first(named: "two words")) == "4")
        #expect(value(items.first(named: "%zz")) == "5")
        #expect(value(items.first(named: "")) == "6")
        #expect(value(items.first(named: "pages")) == "8")
        #expect(value(items.first(named: "missing")) == nil)
        #expect(value(items.first(named: "two words")) == "4")
        #expect(value(items.first(named: "missing")) == nil)
    }

    private enum Order: String, CaseIterable { case name, date }

    @Test func givesValuesOfTheTypeThatIsAskedFor() {
        let bytes = Array("text=a+b%2B&page=%37&ratio=1.5&deep=true&order=date&raw=%41".utf8)
        let items = Request.QueryItems(Bytes(bytes.span))
        #expect(items["text"] == "a b+")
        #expect(items["page", as: Int.self] == 7)
        #expect(items["ratio", as: Double.self] == 1.5)
        #expect(items["deep", as: Bool.self] == true)
        #expect(items["order", as: Order.self] == .date)
        #expect(items["raw", as: Bytes.self].map { String($0) } == "%41")
        #expect(items["missing"] == nil)
        #expect(items["missing", as: Int.self] == nil)
        #expect(items["text", as: Int.self] == nil)
        #expect(items["text", as: Double.self] == nil)
        #expect(items["text", as: Order.self] == nil)
        expect(items["missing", as: Bytes.self] == nil)
    }

    /// The answer says which value is missing or wrong, and what it must be.
    @Test(arguments: [
        ("a=x", 200, "x"), ("", 400, "a is missing."),
        ("a=x&n=300", 400, "n must be a whole number from -128 to 127."),
        ("a=x&n=", 400, "n must be a whole number from -128 to 127."),
        ("a=x&n=1&d=x", 400, "d must be a number."),
        ("a=x&n=1&d=1&b=yes", 400, "b must be true or false."),
        ("a=x&p=9", 200, "x"), ("a=x&p=10", 400, "p must be a whole number from 1 to 9."),
        ("a=x&p=0", 400, "p must be a whole number from 1 to 9."),
        ("a=x&n=1&d=1&b=true&o=up", 422, "o must be one of \"name\", \"date\"."),
    ])
    func requiresValues(query: String, status: Int, body: String) throws {
        let server = try offline { request, response in
            let query = request.query
            let text = try query.require("a")
            if query["n"] != nil { _ = try query.require("n", as: Int8.self) }
            if query["d"] != nil { _ = try query.require("d", as: Double.self) }
            if query["b"] != nil { _ = try query.require("b", as: Bool.self) }
            if query["o"] != nil {
                _ = try query.require("o", as: Order.self, else: .unprocessableContent)
            }
            if query["p"] != nil { _ = try query.require("p", as: Int.self, in: 1...9) }
            response.send(text)
        }
        let answer = server.answer(get("/?\(query)"))
        #expect(answer.status == status && answer.text == body)
    }

    /// One that is missing is none; one that is wrong is refused.
    @Test(arguments: [
        ("", 200, "nil nil nil"), ("n=7&d=1.5&o=date", 200, "7 1.5 date"),
        ("n=9&d=0", 200, "9 0.0 nil"), ("n=10", 400, "n must be a whole number from -9 to 9."),
        ("n=-9", 200, "-9 nil nil"), ("n=-10", 400, "n must be a whole number from -9 to 9."),
        ("n=", 400, "n must be a whole number from -9 to 9."), ("d=x", 400, "d must be a number."),
        ("o=up", 422, "o must be one of \"name\", \"date\"."),
    ])
    func takesValuesWherePresent(query: String, status: Int, body: String) throws {
        let server = try offline { request, response in
            let query = request.query
            let number = try query.valueIfPresent("n", as: Int8.self, in: -9...9)
            let double = try query.valueIfPresent("d", as: Double.self)
            let order = try query.valueIfPresent("o", as: Order.self, else: .unprocessableContent)
            response.send(
                [number.map { "\($0)" }, double.map { "\($0)" }, order?.rawValue]
                    .map { $0 ?? "nil" }.joined(separator: " "))
        }
        let answer = server.answer(get(query.isEmpty ? "/" : "/?\(query)"))
        #expect(answer.status == status && answer.text == body)
    }

    @Test func goesThroughTheItemsOfOneName() {
        let bytes = Array("a=1&b=2&%61=3&a&a=".utf8)
        var values: [String] = []
        Request.QueryItems(Bytes(bytes.span)).forEach("a") { item in
            values.append(item.decodedValue)
        }
        #expect(values == ["1", "3", "", ""])
    }

    @Test(arguments: [
        ("5", 5), ("-5", -5), ("%35", 5), ("%2D5", -5), ("0005", 5), ("127", 127), ("-128", -128),
        ("128", nil), ("-129", nil), ("+5", nil), ("%2B5", nil), ("5+", nil), ("", nil), ("-", nil),
        ("%", nil), ("5%", nil), ("1e1", nil),
    ])
    func readsNumbers(value: String, expected: Int8?) {
        let bytes = Array("x=\(value)".utf8)
        let items = Request.QueryItems(Bytes(bytes.span))
        #expect(items.first(named: "x")?.number() == expected)
        #expect(items.first(named: "x")?.number(as: Int8.self) == expected)
    }

    @Test func decodesIntoTheCallersBuffer() {
        let bytes = Array("x=%61+%zz%FF&y=".utf8)
        let items = Request.QueryItems(Bytes(bytes.span))
        guard let item = items.first(named: "x"), let empty = items.first(named: "y") else {
            return #expect(Bool(false), "no item")
        }
        let expected: [UInt8] = Array("a %zz".utf8) + [0xFF]

        var buffer = [UInt8](repeating: 1, count: item.value.count)
        var span = buffer.mutableSpan
        let count = item.decodeValue(into: &span)
        #expect(count == expected.count)
        #expect(Array(buffer.prefix(expected.count)) == expected)

        // As large as what is decoded, and one byte less.
        for size in [expected.count, expected.count - 1, 0] {
            var tight = [UInt8](repeating: 1, count: size)
            var span = tight.mutableSpan
            let count = item.decodeValue(into: &span)
            #expect(count == (size == expected.count ? size : nil))
            if count != nil { #expect(tight == expected) }
        }
        var nothing: [UInt8] = []
        var none = nothing.mutableSpan
        let zero = empty.decodeValue(into: &none)
        #expect(zero == 0)
    }

    @Test(arguments: [
        ("", 3, 0, false), ("a&b&c", 3, 3, false), ("a&b&c&", 3, 3, false),
        ("a&b&c&&", 3, 3, true), ("a&b&c&&d", 3, 3, true), ("a&&b", 3, 2, false),
        ("&&&", 3, 0, false), ("&&&d", 3, 0, true), ("a", 0, 0, true), ("&", 0, 0, true),
        ("a", -1, 0, true),
    ])
    func stopsAtTheLimitAndSaysSo(query: String, limit: Int, count: Int, isTruncated: Bool) {
        let bytes = Array(query.utf8)
        var items = Request.QueryItems(Bytes(bytes.span), maximumCount: limit)
        expect(items.isTruncated == isTruncated)
        var found = 0
        while items.next() != nil { found += 1 }
        #expect(found == count)
        expect(items.isTruncated == isTruncated)
        expect(items.next() == nil)
        expect(Request.QueryItems(Bytes(bytes.span), maximumCount: limit)["d"] == nil)
    }

    @Test func hasALimitByDefault() {
        for (count, isTruncated) in [(1000, false), (1001, true)] {
            let bytes = Array(repeatElement("a=1", count: count).joined(separator: "&").utf8)
            expect(Request.QueryItems(Bytes(bytes.span)).isTruncated == isTruncated)
        }
    }

    /// Whatever the bytes: no trap, and what a parser finds that was written to be simple.
    @Test func readsAnyBytesAsTheSimpleParserDoes() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<10_000 {
            let bytes = generator.bytes(upTo: 40, of: "ab=&%+4f1")
            var found: [SimpleItem] = []
            var items = Request.QueryItems(Bytes(bytes.span), maximumCount: 8)
            let isTruncated = items.isTruncated
            while let item = items.next() {
                var buffer = [UInt8](repeating: 0, count: item.value.count)
                var span = buffer.mutableSpan
                let count = item.decodeValue(into: &span)
                found.append(
                    SimpleItem(
                        name: item.decodedName, value: item.decodedValue,
                        bytes: Array(buffer.prefix(count ?? 0))))
            }
            // Up to the eighth `&`, empty items included.
            let end = bytes.indices.filter { index in bytes[index] == UInt8(ascii: "&") }
                .dropFirst(7).first
            let expected = simpleItems(Array(bytes[..<(end ?? bytes.count)]))
            #expect(found == expected, "\(bytes)")
            #expect(isTruncated == (end.map { $0 + 1 < bytes.count } ?? false), "\(bytes)")

            for (index, item) in expected.prefix(8).enumerated() {
                let first = expected.firstIndex { $0.name == item.name } ?? index
                // Names that hold U+FFFD may stand for several.
                guard !item.name.unicodeScalars.contains("\u{FFFD}") else { continue }
                let value = Request.QueryItems(Bytes(bytes.span))[item.name]
                #expect(value == expected[first].value, "\(bytes)")
            }
        }
    }

    private struct SimpleItem: Equatable {
        let name: String
        let value: String
        let bytes: [UInt8]
    }

    private func simpleItems(_ bytes: [UInt8]) -> [SimpleItem] {
        bytes.split(separator: UInt8(ascii: "&")).map { item in
            let parts = item.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? simplyDecoded(Array(parts[1])) : []
            return SimpleItem(
                name: String(decoding: simplyDecoded(Array(parts[0])), as: UTF8.self),
                value: String(decoding: value, as: UTF8.self), bytes: value)
        }
    }

    private func simplyDecoded(_ bytes: [UInt8]) -> [UInt8] {
        guard let first = bytes.first else { return [] }
        if first == UInt8(ascii: "+") { return [0x20] + simplyDecoded(Array(bytes.dropFirst())) }
        let digits = bytes.dropFirst().prefix(2)
        let areDigits = digits.allSatisfy { "0123456789abcdefABCDEF".utf8.contains($0) }
        if first == UInt8(ascii: "%"), digits.count == 2, areDigits,
            let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        {
            return [byte] + simplyDecoded(Array(bytes.dropFirst(3)))
        }
        return [first] + simplyDecoded(Array(bytes.dropFirst()))
    }

    private func value(_ item: Request.QueryItem?) -> String? {
        if let item { String(item.value) } else { nil }
    }
}
