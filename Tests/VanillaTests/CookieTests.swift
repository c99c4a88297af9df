// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct CookieTests {
    private static func make(
        _ name: String = "a", _ value: String = "1", _ change: (inout Cookie) -> Void = { _ in }
    ) -> Cookie {
        var cookie = Cookie(name, value)
        change(&cookie)
        return cookie
    }

    @Test func isCarefulByDefault() throws {
        #expect(try Cookie("a", "1").fieldValue == "a=1; Path=/; HttpOnly; SameSite=Lax")
    }

    @Test(arguments: [
        (make { $0.path = nil }, "a=1"), (make { $0.path = "/a/b%20c" }, "a=1; Path=/a/b%20c"),
        (make { $0.domain = "example.com" }, "a=1; Domain=example.com; Path=/"),
        (make { $0.maxAge = 1 }, "a=1; Max-Age=1; Path=/"),
        (make { $0.maxAge = .max }, "a=1; Max-Age=9223372036854775807; Path=/"),
        (
            make { $0.expires = HTTPDate(secondsSince1970: 0) },
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"
        ),
        (
            make { $0.expires = HTTPDate(secondsSince1970: 784_111_777) },
            "a=1; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/"
        ),
        (
            make { $0.expires = HTTPDate(secondsSince1970: 253_402_300_799) },
            "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Path=/"
        ),
        (make { $0.isHTTPOnly = true }, "a=1; Path=/; HttpOnly"),
        (make { $0.isSecure = true }, "a=1; Path=/; Secure"),
        (make { $0.sameSite = .strict }, "a=1; Path=/; SameSite=Strict"),
        (make { $0.sameSite = .lax }, "a=1; Path=/; SameSite=Lax"),
        (
            make {
                $0.sameSite = .none
                $0.isSecure = true
            }, "a=1; Path=/; Secure; SameSite=None"
        ),
        (
            make {
                $0.isPartitioned = true
                $0.isSecure = true
            }, "a=1; Path=/; Secure; Partitioned"
        ),
        (make("__Secure-a") { $0.isSecure = true }, "__Secure-a=1; Path=/; Secure"),
        (make("__Host-a") { $0.isSecure = true }, "__Host-a=1; Path=/; Secure"),
        (make("__HostA"), "__HostA=1; Path=/"), (make("a", ""), "a=; Path=/"),
        (
            make("!#$%&'*+-.^_`|~", "!#$%&'()*+-./:<=>?@[]^_`{|}~"),
            "!#$%&'*+-.^_`|~=!#$%&'()*+-./:<=>?@[]^_`{|}~; Path=/"
        ),
    ])
    func writesItsParts(cookie: Cookie, expected: String) throws {
        var cookie = cookie
        // The table shows one attribute a row; the careful ones are off in the others.
        if !expected.contains("HttpOnly") { cookie.isHTTPOnly = false }
        if !expected.contains("SameSite") { cookie.sameSite = .unspecified }
        #expect(try cookie.fieldValue == expected)
    }

    /// Every byte that a part may not have, at its start, in its middle and at its end.
    @Test func refusesWhatNoCookieMayHave() {
        let controls = (0...0x1F).map { String(UnicodeScalar(UInt8($0))) }
        let others = ["\u{7F}", " ", "\"", ",", ";", "\\", "ä", "€", "\u{80}", "\r\n", "; Secure"]
        for bad in controls + others {
            for text in [bad, "x" + bad, bad + "x", "x" + bad + "x"] {
                expectRefused(Cookie(text, "1"))
                expectRefused(Cookie("a", text))
                expectRefused(CookieTests.make { $0.path = "/" + text })
                expectRefused(CookieTests.make { $0.domain = text })
            }
        }
        for bad in "()/:<=>?@[]{}" { expectRefused(Cookie("a\(bad)", "1")) }
    }

    @Test(arguments: [
        Cookie("", "1"), make { $0.path = "" }, make { $0.path = "a" },
        make { $0.domain = "" }, make { $0.domain = "." }, make { $0.domain = ".example.com" },
        make { $0.domain = "example.com." }, make { $0.domain = "a..b" },
        make { $0.domain = "-a.b" }, make { $0.domain = "a-.b" }, make { $0.domain = "a_b" },
        make { $0.domain = "[::1]" },
        make { $0.maxAge = 0 }, make { $0.maxAge = -1 }, make { $0.maxAge = .min },
        // What clients would drop without a word.
        make { $0.sameSite = .none }, make { $0.isPartitioned = true },
        make("__Secure-a"), make("__secure-A"), make("__Host-a"), make("__HOST-a"),
        make("__Host-a") {
            $0.isSecure = true
            $0.path = "/a"
        },
        make("__Host-a") {
            $0.isSecure = true
            $0.path = nil
        },
        make("__Host-a") {
            $0.isSecure = true
            $0.domain = "a"
        },
    ])
    func refusesWhatClientsWouldNotTake(cookie: Cookie) {
        expectRefused(cookie)
    }

    @Test func hasLimits() throws {
        #expect(throws: Never.self) {
            try Cookie("ab", String(repeating: "x", count: 4094)).fieldValue
        }
        expectRefused(Cookie("ab", String(repeating: "x", count: 4095)))

        let path = "/" + String(repeating: "x", count: 1023)
        #expect(throws: Never.self) { try CookieTests.make { $0.path = path }.fieldValue }
        expectRefused(CookieTests.make { $0.path = path + "x" })

        let label = String(repeating: "x", count: 63)
        let domain = [label, label, label, String(repeating: "x", count: 61)].joined(separator: ".")
        #expect(domain.utf8.count == 253)
        #expect(throws: Never.self) { try CookieTests.make { $0.domain = domain }.fieldValue }
        expectRefused(CookieTests.make { $0.domain = domain + "x" })
        expectRefused(CookieTests.make { $0.domain = label + "x" })
    }

    @Test func isDeletedByWhatItIsKnownBy() throws {
        var cookie = Cookie("__Secure-a", "1")
        cookie.isSecure = true
        cookie.domain = "example.com"
        cookie.path = "/a"
        cookie.maxAge = 5
        #expect(
            try cookie.deletion.fieldValue
                == "__Secure-a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=example.com; Path=/a; Secure; HttpOnly; SameSite=Lax"
        )
    }

    @Test func isSetOnALineOfItsOwn() throws {
        let server = try offline { _, response in
            try response.setCookie(Cookie("a", "1"))
            try response.setCookie(Cookie("b", "2"))
            try response.deleteCookie(Cookie("c"))
            response.send("")
        }
        let lines = server.answer(get("/")).fields.filter { $0.name == "Set-Cookie" }.map(\.value)
        #expect(
            lines == [
                "a=1; Path=/; HttpOnly; SameSite=Lax", "b=2; Path=/; HttpOnly; SameSite=Lax",
                "c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; SameSite=Lax",
            ])
    }

    @Test func isNotSetWhereItIsRefused() throws {
        let kinds = Recorder<ResponseError.Kind>()
        let server = try offline { request, response in
            do throws(ResponseError) {
                try response.setCookie(Cookie("a", String(request.queryBytes)))
            } catch { kinds.record(error.kind) }
            response.send("")
            do throws(ResponseError) {
                try response.setCookie(Cookie("a", "1"))
            } catch { kinds.record(error.kind) }
        }
        #expect(server.answer(get("/?x;Secure"))["Set-Cookie"] == nil)
        #expect(kinds.values == [.invalidCookie, .alreadyAnswered])
    }

    /// Whatever the text: what is set is one line that holds no more attributes than were meant.
    @Test func addsNothingThatWasNotMeant() {
        var generator = SeededGenerator(seed: 3)
        var accepted = 0
        for _ in 0..<5_000 {
            let name = String(decoding: generator.bytes(upTo: 6, of: "ab-_"), as: UTF8.self)
            let value = String(decoding: generator.bytes(upTo: 12, of: "ab=;, \""), as: UTF8.self)
            let path = "/" + String(decoding: generator.bytes(upTo: 6, of: "ab/;"), as: UTF8.self)
            var cookie = Cookie(name, value)
            cookie.path = path
            guard let text = try? cookie.fieldValue else { continue }
            accepted += 1
            #expect(text.split(separator: "; ").count == 4)
            #expect(text.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x2C })
            #expect(text == "\(name)=\(value); Path=\(path); HttpOnly; SameSite=Lax")
        }
        #expect(accepted > 100)
    }

    private func expectRefused(
        _ cookie: Cookie, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do throws(ResponseError) {
            let text = try cookie.fieldValue
            #expect(Bool(false), "\(text)", sourceLocation: sourceLocation)
        } catch {
            #expect(error.kind == .invalidCookie, sourceLocation: sourceLocation)
        }
    }
}
