// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct ETagTests {
    @Test(arguments: [
        ("\"\"", 0, false), ("\"a\"", 1, false), ("W/\"a\"", 1, true), ("\"a,b\"", 3, false),
        ("\"W/\"", 2, false), ("\"é\"", 2, false),
    ])
    func readsAndWritesATag(text: String, count: Int, isWeak: Bool) throws {
        let tag = try #require(ETag(text))
        #expect(tag.description == text && tag.count == count && tag.isWeak == isWeak)
    }

    @Test(arguments: [
        "", "a", "\"", "\"a", "a\"", "w/\"a\"", "W/a", "W/", "\"a b\"", "\"a\" ", "\"a\"b", "*",
        "\"\u{7F}\"", "\"\r\n\"", "\"a\", \"b\"",
    ])
    func readsNothingElse(text: String) {
        #expect(ETag(text) == nil)
    }

    @Test func readsATagOfARequest() throws {
        let server = try offline { request, response in
            guard let value = request.headers[.ifMatch, as: Bytes.self], let tag = ETag(value)
            else {
                return response.send("none")
            }
            response.send(tag.description)
        }
        #expect(server.answer(get("/", fields: "If-Match: W/\"x\"")).text == "W/\"x\"")
        #expect(server.answer(get("/", fields: "If-Match: x")).text == "none")
    }

    @Test func holdsSixtyFourBytesAndNoMore() throws {
        let most = String(repeating: "x", count: ETag.maximumCount)
        #expect(ETag.maximumCount == 64)
        #expect(ETag("\"\(most)\"")?.description == "\"\(most)\"")
        #expect(try ETag(opaque: most).description == "\"\(most)\"")
        #expect(ETag("\"\(most)x\"") == nil)
        #expect(throws: ResponseError.self) { try ETag(opaque: most + "x") }
        #expect(kind { () throws(ResponseError) in try ETag(opaque: most + "x") } == .invalidETag)

        let digest = [UInt8](repeating: 0xAB, count: 33)
        #expect(
            try ETag(digest: digest.span.extracting(first: 32)).description
                == "\"\(String(repeating: "ab", count: 32))\"")
        #expect(kind { () throws(ResponseError) in try ETag(digest: digest.span) } == .invalidETag)
    }

    @Test(arguments: [" ", "a b", "\"", "\"a\"", "a\r\nSet-Cookie: b", "\0", "\u{7F}", "\t"])
    func refusesBytesThatNoTagHas(opaque: String) {
        #expect(kind { () throws(ResponseError) in try ETag(opaque: opaque) } == .invalidETag)
        #expect(
            kind { () throws(ResponseError) in
                try ETag(opaque: Bytes(Array(opaque.utf8).span), isWeak: true)
            } == .invalidETag)
    }

    @Test func takesEveryOtherByte() throws {
        for byte in UInt8.min...UInt8.max {
            let isAllowed = byte == 0x21 || (0x23...0x7E).contains(byte) || byte >= 0x80
            let tag = try? ETag(opaque: Bytes([byte].span))
            #expect((tag != nil) == isAllowed, "\(byte)")
        }
    }

    @Test(arguments: [
        (0, "\"0\""), (9, "\"9\""), (10, "\"10\""), (-1, "\"-1\""), (Int.max, "\"\(Int.max)\""),
        (Int.min, "\"\(Int.min)\""),
    ])
    func numbersAVersion(version: Int, text: String) {
        #expect(ETag(version: version).description == text)
        #expect(ETag(version: version, isWeak: true).description == "W/" + text)
    }

    @Test func isWrittenAsALiteral() {
        let tag: ETag = "v1"
        #expect(tag.description == "\"v1\"")
    }

    /// The vectors of the hash's authors, and the same bytes by every way in.
    @Test func hashes() {
        #expect(ETag(hashing: "").description == "\"99aa06d3014798d86001c324468d497f\"")
        #expect(ETag(hashing: "1").description == "\"df3ce784d856334d65cd25028f98f158\"")
        #expect(ETag(hashing: "1", isWeak: true).description.hasPrefix("W/\"df3c"))
        let text = String(repeating: "text ", count: 1000)
        let bytes = Array(text.utf8)
        let tag = ETag(hashing: text)
        #expect(tag == ETag(hashing: bytes))
        #expect(tag == ETag(hashing: bytes.span))
        #expect(tag == ETag(hashing: Bytes(bytes.span)))
        #expect(tag == ETag(hashing: SharedBytes(bytes)))
        #expect(tag != ETag(hashing: text + " "))
    }

    @Test func hashesInPieces() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hasher = ETag.Hasher()
        for start in stride(from: 0, to: bytes.count, by: 333) {
            hasher.update(Array(bytes[start..<min(start + 333, bytes.count)]).span)
        }
        #expect(hasher.tag() == ETag(hashing: bytes))
        hasher.reset()
        #expect(hasher.tag() == ETag(hashing: ""))
        hasher.update(Bytes("1".utf8Span.span))
        #expect(hasher.tag(isWeak: true) == ETag(hashing: "1", isWeak: true))
    }

    /// The table of RFC 9110, section 8.8.3.2.
    @Test(arguments: [
        ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true), ("\"1\"", "\"1\"", true, true),
    ])
    func compares(left: String, right: String, strongly: Bool, weakly: Bool) throws {
        let left = try #require(ETag(left))
        let right = try #require(ETag(right))
        #expect(left.matchesStrongly(right) == strongly && right.matchesStrongly(left) == strongly)
        #expect(left.matchesWeakly(right) == weakly && right.matchesWeakly(left) == weakly)
        #expect((left == right) == (left.description == right.description))
    }

    @Test func isAKey() {
        let counts: [ETag: Int] = ["a": 1, ETag(version: 1): 2, ETag(version: 1, isWeak: true): 3]
        #expect(counts["a"] == 1 && counts["1"] == 2 && counts.count == 3)
    }
}

/// The kind of what `body` throws; `nil` when it throws nothing.
private func kind<Value>(_ body: () throws(ResponseError) -> Value) -> ResponseError.Kind? {
    do throws(ResponseError) {
        _ = try body()
        return nil
    } catch {
        return error.kind
    }
}
