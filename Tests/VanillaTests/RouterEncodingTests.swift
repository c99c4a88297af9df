// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// Percent-encoding in routes and in paths: RFC 3986, sections 2.2 and 6.2.2.
@Suite struct RouterEncodingTests {
    @Test(arguments: [
        // Written in any way, an unreserved character or a byte beyond ASCII is the same.
        ("/abc", "/abc", true), ("/abc", "/%61bc", true), ("/abc", "/a%62%63", true),
        ("/%61bc", "/abc", true), ("/%61bc", "/ab%63", true), ("/a-._~z", "/a%2D%2e%5F%7Ez", true),
        ("/café", "/caf%C3%A9", true), ("/caf%C3%A9", "/caf%c3%a9", true),
        ("/café", "/c%61f%C3%A9", true), ("/café", "/caf%C3", false), ("/café", "/cafe", false),
        ("/a b", "/a%20b", true), ("/a%20b", "/a%20b", true), ("/a b", "/a+b", false),
        ("/|x|", "/%7Cx%7c", true), ("/abc", "/%41bc", false), ("/abc", "/%61b", false),
        // A reserved character and its escape differ.
        ("/a/b", "/a%2Fb", false), ("/a/b", "/a%2fb", false), ("/a%2Fb", "/a/b", false),
        ("/a%2Fb", "/a%2Fb", true), ("/a%2Fb", "/a%2fb", true), ("/a%2fb", "/a%2Fb", true),
        ("/@me", "/@me", true), ("/@me", "/%40me", false), ("/%40me", "/%40me", true),
        ("/a+b", "/a%2Bb", false), ("/a:b", "/a%3ab", false), ("/%3Aid", "/%3aid", true),
        ("/%3Aid", "/:id", false), ("/%2Axy", "/%2Axy", true),
        // Nothing is decoded twice.
        ("/abc", "/%2561bc", false), ("/%2561bc", "/%2561bc", true), ("/%2561bc", "/abc", false),
        ("/%2561bc", "/%61bc", false), ("/100%25", "/100%25", true), ("/a/b", "/a%252Fb", false),
        ("/%252F", "/%252F", true), ("/%252F", "/%252f", false), ("/%252F", "/%2F", false),
        // Escapes side by side, and digits after one.
        ("/%2F%2F", "/%2f%2f", true), ("/%2Fab", "/%2Fab", true), ("/%2FAB", "/%2fab", false),
        ("/%2Fa%62", "/%2f%61b", true), ("/%25%32%35", "/%2525", true),
        // Dots stay what they are, however they are written.
        ("/a", "/b/%2E%2E/a", false), ("/x/..", "/x/%2e%2E", true),
        // A NUL, a CR and the like are bytes like others.
        ("/a%00b", "/a%00b", true), ("/a", "/a%00", false), ("/a%0Db", "/a%0db", true),
    ])
    func comparesLiterals(route: String, target: String, matches: Bool) throws {
        #expect(try echoing([route]).answer(get(target)).status == (matches ? 200 : 404))
        // With neighbours, so that the tree is split within.
        let crowded = try echoing(
            [route, "/a", "/ab/x", "/%2F%30", "/caf", "/%25", "/z"].uniqued())
        let answer = crowded.answer(get(target))
        #expect((answer.status == 200 && answer.text == route) == matches || route == "/a")
    }

    @Test(arguments: [
        "/%", "/%6", "/a%", "/a%6", "/%zz", "/%6g", "/%g6", "/%%61", "/a/%/b", "/%2", "/user/%",
        "/files/a/%x1", "/nowhere/%6", "/%25%", "/%-1", "/% 1".replacing(" ", with: "+"),
    ])
    func refusesMalformedEscapes(target: String) throws {
        let server = try echoing(["/a", "/user/:a", "/files/*a"])
        #expect(server.answer(get(target)).status == 400)
        #expect(server.answer(get(target, method: "POST")).status == 400)
    }

    @Test(arguments: [
        ("/user/a%2Fb", "/user/:a a=a%2Fb"), ("/user/%2F", "/user/:a a=%2F"),
        ("/user/%2e", "/user/:a a=%2e"), ("/files/a%2Fb/c", "/files/*a a=a%2Fb/c"),
        ("/user/%6De", "/user/me"), ("/user/me%2Fx", "/user/:a a=me%2Fx"),
        ("/%75ser/a%20b/x", "/user/:a/x a=a%20b"), ("/user/%252F", "/user/:a a=%252F"),
    ])
    func keepsParametersAsTheyWereSent(target: String, body: String) throws {
        let server = try echoing(["/user/:a", "/user/me", "/user/:a/x", "/files/*a"])
        #expect(server.answer(get(target)).text == body)
    }
}

extension [String] {
    /// Each element once.
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
