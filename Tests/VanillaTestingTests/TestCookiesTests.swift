// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// The cookies of a test's client.
@Suite struct TestCookiesTests {
    /// `/set?LINE` sets a cookie by that line; anything else answers with the cookies it got.
    private func server() throws -> Server {
        try Server(configuration: local()) { request, response in
            if String(request.path).hasSuffix("/set") {
                // Without spaces, which a target cannot have: underscores are for them.
                let line = String(request.queryBytes).map { $0 == "_" ? " " : $0 }
                try response.headers.add("Set-Cookie", String(line))
                response.send("")
            } else {
                response.send(request.headers["cookie"] ?? "")
            }
        }
    }

    @Test func areKeptAndSentByPath() async throws {
        try await server().test { client in
            try await client.get("/set?a=1;Path=/")
            try await client.get("/set?b=2;_Path=/deep;_Secure;_HttpOnly;_SameSite=Lax")
            try await client.get("/deep/down/set?c=3")
            #expect(try await client.get("/").text == "a=1")
            #expect(try await client.get("/deep").text == "b=2; a=1")
            #expect(try await client.get("/deeper").text == "a=1")
            #expect(try await client.get("/deep/down/x?y=/").text == "c=3; b=2; a=1")
            #expect(client.cookies["b"] == "2" && client.cookies.names == ["a", "b", "c"])
        }
    }

    @Test func endAsTheServerSays() async throws {
        try await server().test { client in
            client.cookies["a"] = "1"
            client.cookies["b"] = "2"
            try await client.get("/set?c=3;_Path=/;_Max-Age=1000")
            try await client.get("/set?c=4;_Path=/")
            #expect(try await client.get("/").text == "a=1; b=2; c=4")
            try await client.get("/set?a=;Path=/;Max-Age=0")
            try await client.get("/set?b=;Path=/;Expires=Thu,_01_Jan_1970_00:00:00_GMT")
            #expect(try await client.get("/").text == "c=4")
            client.cookies["c"] = nil
            #expect(try await client.get("/").text == "")
        }
    }

    @Test func areEachClientsOwnAndCanBeOff() async throws {
        try await server().test { client in
            let other = client.another()
            try await client.get("/set?user=ada")
            try await other.get("/set?user=bob")
            #expect(try await client.get("/").text == "user=ada")
            #expect(try await other.get("/").text == "user=bob")
            #expect(try await client.get("/", headers: ["Cookie": "own=1"]).text == "own=1")
            client.cookies.removeAll()
            #expect(try await client.get("/").text == "")
            let without = client.another(keepsCookies: false)
            try await without.get("/set?user=eve")
            #expect(try await without.get("/").text == "" && without.cookies.names.isEmpty)
        }
        try await server().test(keepsCookies: false) { client in
            try await client.get("/set?user=ada")
            #expect(try await client.get("/").text == "")
        }
    }
}
