// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@Suite struct QueryItemsTests {
    @Test(arguments: [
        ("", []), ("a=1", ["a:1"]), ("a=1&b=2", ["a:1", "b:2"]), ("a", ["a:"]), ("a=", ["a:"]),
        ("=1", [":1"]),
        ("a=1=2", ["a:1=2"]), ("&&a=1&&b&", ["a:1", "b:"]), ("&", []), ("a=1;b=2", ["a:1;b=2"]),
        ("=", [":"]),
    ])
    func findsNamesAndValues(query: String, expected: [String]) {
        let bytes = Array(query.utf8)
        var found: [String] = []
        var items = QueryItems(Bytes(bytes.span))
        while let item = items.next() { found.append("\(String(item.name)):\(String(item.value))") }
        #expect(found == expected)

        found = []
        QueryItems(Bytes(bytes.span)).forEach { item in
            found.append("\(String(item.name)):\(String(item.value))")
        }
        #expect(found == expected)
    }

    @Test func decodesNamesAndValues() {
        let bytes = Array("a+b=c%26d+e&x=%zz".utf8)
        var items = QueryItems(Bytes(bytes.span))
        if let item = items.next() {
            #expect(item.decodedName == "a b")
            #expect(item.decodedValue == "c&d e")
        }
        if let item = items.next() { #expect(item.decodedValue == nil) }
    }

    @Test func findsAnItemByItsDecodedName() {
        let bytes = Array("p%61ge=2&page=3&two+words=4&%zz=5".utf8)
        let items = QueryItems(Bytes(bytes.span))
        #expect(value(items["page"]) == "2")
        #expect(value(items["two words"]) == "4")
        #expect(value(items["missing"]) == nil)
    }

    private func value(_ item: QueryItem?) -> String? {
        if let item { String(item.value) } else { nil }
    }
}
