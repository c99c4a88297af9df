// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// A listener that only says where https is.
@Suite struct RedirectingTests {
    private func server(_ backend: Server.Backend?, port: Int = 443) throws -> Server {
        var configuration = local(backend)
        configuration.listeners = [
            .redirecting(.host("127.0.0.1", port: 0), toHTTPSPort: port),
            Server.Listener(.host("127.0.0.1", port: 0)),
        ]
        configuration.takesUTF8Targets = true
        return try Server(configuration: configuration) { request, response in
            response.send(request.path)
        }
    }

    private func serving(
        _ server: Server, _ body: (_ redirecting: Int, _ ordinary: Int) throws -> Void
    ) throws {
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let ports = server.addresses.map { $0.port! }
        try body(ports[0], ports[1])
    }

    @Test(arguments: backends)
    func saysWhereTheSameIs(backend: Server.Backend?) throws {
        let rows = [
            ("GET / HTTP/1.1\r\nHost: a.example\r\n", "https://a.example/"),
            ("GET /b/c?d=e&f HTTP/1.1\r\nHost: A.example:8080\r\n", "https://A.example/b/c?d=e&f"),
            ("GET /? HTTP/1.1\r\nHost: a.example\r\n", "https://a.example/?"),
            ("GET /a HTTP/1.1\r\nHost: [::1]:80\r\n", "https://[::1]/a"),
            ("GET /a HTTP/1.1\r\nHost: [::1]\r\n", "https://[::1]/a"),
            ("HEAD /a HTTP/1.1\r\nHost: 127.0.0.1\r\n", "https://127.0.0.1/a"),
            // No other host than the one that it named.
            ("GET //b.example/c HTTP/1.1\r\nHost: a.example\r\n", "https://a.example//b.example/c"),
            ("GET http://b.example:1/c HTTP/1.1\r\nHost: a.example\r\n", "https://b.example/c"),
            ("GET http://b.example?d HTTP/1.1\r\nHost: a.example\r\n", "https://b.example/?d"),
            ("GET /\u{e9} HTTP/1.1\r\nHost: a.example\r\n", "https://a.example/%C3%A9"),
            ("PUT /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n", "https://a.example/a"),
            (
                "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n",
                "https://a.example/a"
            ),
        ]
        try serving(server(backend)) { redirecting, _ in
            for (head, location) in rows {
                let answer = try exchange("\(head)Connection: close\r\n\r\n", port: redirecting)
                #expect(answer.status == 308)
                #expect(answer["Location"] == location)
                #expect(answer.text.isEmpty)
            }
        }
    }

    @Test(arguments: backends)
    func namesAPort(backend: Server.Backend?) throws {
        try serving(server(backend, port: 8443)) { redirecting, ordinary in
            let head = "GET /a HTTP/1.1\r\nHost: a:8080\r\nConnection: close\r\n\r\n"
            let answer = try exchange(head, port: redirecting)
            #expect(answer["Location"] == "https://a:8443/a")
            let other = try exchange(head, port: ordinary)
            #expect(other.status == 200 && other.text == "/a")
        }
    }

    @Test func refusesARequestForNoHost() throws {
        try serving(server(nil)) { redirecting, _ in
            for head in [
                "GET / HTTP/1.0\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost:\r\n",
                "GET / HTTP/1.1\r\nHost: a.example/b\r\n", "GET / HTTP/1.1\r\nHost: a@b\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", "GET / HTTP/1.1\r\nHost: [::1\r\n",
            ] {
                let answer = try exchange("\(head)Connection: close\r\n\r\n", port: redirecting)
                #expect(answer.status == 400, "\(head)")
                #expect(answer["Location"] == nil)
            }
        }
    }

    @Test func refusesATargetThatIsTooLongForAField() throws {
        var configuration = local(nil)
        configuration.listeners = [.redirecting(.host("127.0.0.1", port: 0))]
        configuration.limits.requestLine = 128 * 1024
        let server = try Server(configuration: configuration) { _, response in response.send("") }
        try serving(server) { redirecting in
            let target = "/" + String(repeating: "a", count: 100_000)
            let head = "GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = try exchange(head, port: redirecting)
            #expect(answer.status == 414)
        }
    }

    private func serving(_ server: Server, _ body: (Int) throws -> Void) throws {
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        try body(server.addresses[0].port!)
    }

    @Test func isConfiguredWithAPort() {
        for port in [0, -1, 65536] {
            let listener = Server.Listener.redirecting(.any(port: 0), toHTTPSPort: port)
            #expect(throws: ServerError.self) {
                try Server(configuration: .init(listeners: [listener])) { _, response in
                    response.send("")
                }
            }
        }
        let listener = Server.Listener.redirecting(.any(port: 80))
        #expect(listener.redirectedPort == 443)
        #expect(listener != Server.Listener(.any(port: 80)))
        #expect(listener == .redirecting(.any(port: 80)))
    }
}
