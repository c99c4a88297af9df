// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaMiddleware
import VanillaTestSupport

@Suite struct SecurityHeadersTests {
    @Test func setsWhatAHandlerCanReplace() throws {
        var headers = SecurityHeaders()
        headers.permissionsPolicy = "camera=()"
        headers.frameOptions = nil
        let router = try Router { [headers] routes in
            routes.use(headers.middleware)
            routes.get("/") { _, response in response.send("") }
            routes.get("/own") { _, response in
                response.headers["Content-Security-Policy"] = "default-src *"
                response.headers["Referrer-Policy"] = nil
                response.send("")
            }
        }
        let server = try Server(configuration: local(), router: router)
        for target in ["/", "/nowhere"] {
            let answer = server.answer(get(target))
            #expect(
                answer["Content-Security-Policy"] == "default-src 'self'; frame-ancestors 'none'")
            #expect(answer["X-Content-Type-Options"] == "nosniff")
            #expect(answer["Referrer-Policy"] == "strict-origin-when-cross-origin")
            #expect(answer["Cross-Origin-Opener-Policy"] == "same-origin")
            #expect(answer["Permissions-Policy"] == "camera=()")
            #expect(answer["X-Frame-Options"] == nil)
        }
        let own = server.answer(get("/own"))
        #expect(own["Content-Security-Policy"] == "default-src *" && own["Referrer-Policy"] == nil)
    }
}

@Suite struct RequestIDTests {
    private func server(trusting: Bool) throws -> Server {
        let router = try Router { routes in
            routes.use(RequestID.middleware(isTrusted: { _ in trusting }))
            routes.get("/") { request, response in
                response.send("\(try request.storage.require(RequestID.self))")
            }
        }
        return try Server(configuration: local(), router: router)
    }

    @Test func drawsOneForEach() throws {
        let server = try server(trusting: false)
        let ids = (0..<50).map { _ in
            let answer = server.answer(get("/", fields: "X-Request-ID: mine"))
            #expect(answer.text == answer["X-Request-ID"])
            return answer.text
        }
        #expect(Set(ids).count == 50 && !ids.contains("mine"))
        #expect(ids.allSatisfy { RequestID($0) != nil && $0.utf8.count > 17 })
        #expect(server.answer(get("/nowhere"))["X-Request-ID"] != nil)
    }

    @Test func takesThatOfAProxyOfOurs() throws {
        let server = try server(trusting: true)
        let id = "a1b2-C3_d4.e:5+6/7="
        #expect(server.answer(get("/", fields: "X-Request-ID: \(id)")).text == id)
        for wrong in ["a b", "ä", "\"", String(repeating: "x", count: 129), "{}"] {
            let answer = server.answer(get("/", fields: "X-Request-ID: \(wrong)"))
            #expect(answer.text != wrong && RequestID(answer.text) != nil)
        }
    }
}
