// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct RequestTests {
    @Test(arguments: [
        ("GET /a/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n", "get GET /a/b?c=d /a/b c=d h HTTP/1.1 nil"),
        ("GET / HTTP/1.0\r\n\r\n", "get GET / /   HTTP/1.0 nil"),
        (
            "PURGE /%41 HTTP/1.1\r\nHost: h:80\r\n\r\n",
            "Method(PURGE) PURGE /%41 /%41  h:80 HTTP/1.1 nil"
        ),
        ("GET http://x HTTP/1.1\r\nHost: h\r\n\r\n", "get GET http://x /  x HTTP/1.1 nil"),
        (
            "GET http://x:1/p?q HTTP/1.1\r\nHost: h\r\n\r\n",
            "get GET http://x:1/p?q /p q x:1 HTTP/1.1 nil"
        ),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab",
            "post POST / /  h HTTP/1.1 2"
        ),
        ("GET /?? HTTP/1.1\r\nHost: h\r\n\r\n", "get GET /?? / ? h HTTP/1.1 nil"),
    ])
    func showsWhatWasSent(raw: String, expected: String) throws {
        let server = try offline { request, response in
            let length = request.contentLength.map(String.init) ?? "nil"
            let seen = """
                \(request.method.memberName) \(String(request.methodName)) \(String(request.target)) \
                \(String(request.path)) \(String(request.queryBytes)) \(String(request.authority)) \
                \(request.version) \(length)
                """
            response.send(seen)
        }
        #expect(server.answer(raw).text == expected)
    }

    @Test func lendsTheWholeBody() throws {
        let server = try offline { request, response in response.send(request.body) }
        #expect(server.answer(post("/", "hello")).text == "hello")
        let chunked =
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        #expect(server.answer(chunked).text == "hello")
        #expect(server.answer(get("/")).body.isEmpty)
    }

    @Test func readsTheQuery() throws {
        let server = try offline { request, response in
            var sum = 0
            var items = request.query
            while let item = items.next() { sum += Int(item.value) ?? 0 }
            let page =
                if let item = request.query.first(named: "page") { String(item.value) } else {
                    "none"
                }
            response.send("\(sum) \(page)")
        }
        #expect(server.answer(get("/?a=1&page=2&b=x")).text == "3 2")
        #expect(server.answer(get("/")).text == "0 none")
    }

    @Test func hasNoPeerWithoutASocket() throws {
        let server = try offline { request, response in response.send("\(request.peer == nil)") }
        #expect(server.answer(get("/")).text == "true")
    }

    @Test(arguments: backends)
    func knowsItsPeer(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            guard let peer = request.peer else { return response.send("none") }
            response.send("\(peer.address) \(peer.port > 0)")
        }
        #expect(try server.answers([get("/")])[0].text == "127.0.0.1 true")
    }
}

extension Method {
    /// The name of the static member that a switch finds.
    fileprivate var memberName: String {
        switch self {
        case .get, .head: description == "GET" ? "get" : "head"
        case .post: "post"
        case Method("PURGE"): "Method(PURGE)"
        default: "another"
        }
    }
}
