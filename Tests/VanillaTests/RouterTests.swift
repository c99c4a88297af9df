// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// A server that is never started, with a router to push requests through.
func routed(
    log: Recorder<String>? = nil, _ routes: @escaping @Sendable (inout Routes) -> Void
) throws -> Server {
    try Server(configuration: local(log: log), router: Router(routes))
}

/// A server in which every path of `paths` answers GET with itself and its parameters' bytes.
func echoing(_ paths: [String], names: [StaticString] = ["a", "b", "c"]) throws -> Server {
    try routed { routes in
        for path in paths {
            routes.get(path) { request, response in
                var text = path
                for name in names {
                    if let value = request.parameters[name, as: Bytes.self] {
                        text += " \(name)=\(String(value))"
                    }
                }
                response.send(text)
            }
        }
    }
}

@Suite struct RouterTests {
    @Test(arguments: [
        ("/", "/"), ("/user/me", "/user/me"), ("/user/7", "/user/:a a=7"),
        ("/user/mee", "/user/:a a=mee"), ("/user/m", "/user/:a a=m"),
        ("/user/7/posts", "/user/:a/posts a=7"), ("/user/me/posts", "/user/:a/posts a=me"),
        ("/user/7/posts/8", "/user/:a/posts/:b a=7 b=8"),
        ("/files/", "/files/*a a="), ("/files/x", "/files/*a a=x"),
        ("/files/x/y//z/", "/files/*a a=x/y//z/"), ("/files/x.txt", "/files/x.txt"),
        ("/t/1/x/2", "/t/:a/*b a=1 b=x/2"), ("/t/1/", "/t/:a/*b a=1 b="),
        ("/t/1", "/t/:a a=1"), ("/t/1/x", "/t/:a/x a=1"),
    ])
    func findsTheRouteOfAPath(target: String, body: String) throws {
        let server = try echoing([
            "/", "/user/:a", "/user/me", "/user/:a/posts", "/user/:a/posts/:b", "/files/*a",
            "/files/x.txt", "/t/:a", "/t/:a/*b", "/t/:a/x",
        ])
        let answer = server.answer(get(target))
        #expect(answer.status == 200 && answer.text == body)
    }

    @Test(arguments: [
        "/user", "/user/", "/user/7/", "/user//posts", "/user/7//posts", "//user/7", "/files",
        "/User/me", "/user/7/posts/8/9", "/users", "/use",
    ])
    func isStrictAboutSlashesAndEmptySegments(target: String) throws {
        let server = try echoing(["/user/:a", "/user/me", "/user/:a/posts/:b", "/files/*a"])
        #expect(server.answer(get(target)).status == 404)
    }

    @Test func takesASlashAtTheEndWhereARouteHasIt() throws {
        let server = try echoing(["/a/", "/b/:a/", "/c//d"])
        for path in ["/a/", "/b/1/", "/c//d"] {
            #expect(server.answer(get(path)).status == 200, "\(path)")
        }
        for path in ["/a", "/b/1", "/c/d"] {
            #expect(server.answer(get(path)).status == 404, "\(path)")
        }
    }

    @Test func takesDotSegmentsLiterally() throws {
        let server = try echoing(["/a", "/files/*a", "/x/.."])
        #expect(server.answer(get("/x/../a")).status == 404)
        #expect(server.answer(get("/./a")).status == 404)
        #expect(server.answer(get("/files/../a")).text == "/files/*a a=../a")
        #expect(server.answer(get("/x/..")).text == "/x/..")
    }

    @Test(arguments: ["/user/7?", "/user/7?/posts", "/user/7?a=%zz", "http://h/user/7?x"])
    func routesWithoutTheQuery(target: String) throws {
        let server = try echoing(["/user/:a", "/user/:a/posts"])
        #expect(server.answer(get(target)).text == "/user/:a a=7")
    }

    @Test func routesTheEmptyPathOfAnAbsoluteForm() throws {
        let server = try echoing(["/", "/*a"])
        #expect(server.answer(get("http://example.com")).text == "/")
        #expect(server.answer(get("http://example.com?x")).text == "/")
        #expect(try echoing(["/*a"]).answer(get("http://example.com")).text == "/*a a=")
    }

    @Test(arguments: [
        // A literal segment wins over a parameter, and a parameter over a rest...
        ("/a/b/c", "/a/b/c"), ("/a/x/c", "/a/:a/c a=x"), ("/a/x/y", "/a/*a a=x/y"),
        // ... but only where it leads to a route: otherwise the next is tried.
        ("/a/b/d", "/a/:a/d a=b"), ("/a/b/e", "/a/*a a=b/e"), ("/a/bb/d", "/a/:a/d a=bb"),
        ("/a/b/f/g", "/a/b/:a/g a=f"), ("/a/b/f/h", "/a/:a/f/h a=b"), ("/a/b", "/a/*a a=b"),
    ])
    func prefersWhatIsLiteral(target: String, body: String) throws {
        let paths = [
            "/a/*a", "/a/:a/d", "/a/:a/c", "/a/b/c", "/a/b/:a/g", "/a/:a/f/h",
        ]
        #expect(try echoing(paths).answer(get(target)).text == body)
        #expect(try echoing(paths.reversed()).answer(get(target)).text == body)
    }

    @Test func chainsParametersAfterABacktrack() throws {
        let server = try echoing(["/:a/x/:b/z", "/p/:a/y/:b"])
        #expect(server.answer(get("/p/x/y/z")).text == "/p/:a/y/:b a=x b=z")
        #expect(server.answer(get("/p/x/w/z")).text == "/:a/x/:b/z a=p b=w")
    }

    @Test func comparesEachByteOfALabelOfAnyLength() throws {
        // Labels are compared by words, and split where they are long.
        for count in 1...70 {
            let label = (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
            let path = "/" + String(decoding: label, as: UTF8.self)
            let server = try echoing([path, "/-"])
            #expect(server.answer(get(path)).text == path)
            #expect(server.answer(get(path.replacing("a", with: "%61"))).text == path)
            #expect(server.answer(get(path + "a")).status == 404)
            #expect(server.answer(get(String(path.dropLast()))).status == 404)
            for index in 0..<count {
                var wrong = label
                wrong[index] = UInt8(ascii: "!")
                let target = "/" + String(decoding: wrong, as: UTF8.self)
                #expect(server.answer(get(target)).status == 404, "\(target)")
            }
        }
    }

    @Test(arguments: 1...12)
    func findsEachOfManyChildren(count: Int) throws {
        // Up to eight are found in one word, more in a table.
        let bytes = "0-azAZ_~.!$=".prefix(count)
        let server = try echoing(bytes.map { "/\($0)" })
        for byte in "0-azAZ_~.!$=19b@" {
            let isThere = bytes.contains(byte)
            #expect(server.answer(get("/\(byte)")).status == (isThere ? 200 : 404), "\(byte)")
        }
    }

    @Test func isARouterWithoutRoutes() throws {
        #expect(try routed { _ in }.answer(get("/")).status == 404)
    }
}

@Suite struct RouterMethodTests {
    private let server: Server

    init() throws {
        server = try routed { routes in
            routes.get("/page") { _, response in response.send("page") }
            routes.post("/page") { _, response in response.send("posted") }
            routes.put("/item/:id") { _, response in response.send("put") }
            routes.patch("/item/:id") { _, response in response.send("patched") }
            routes.delete("/item/:id") { _, response in response.send("deleted") }
            routes.on([.get, Method("PURGE"), Method("BREW")], "/cache") { request, response in
                response.send(request.methodName)
            }
            routes.on([.head], "/head") { _, response in
                response.headers.add("X-Own", "1")
                response.send("head")
            }
            routes.get("/head") { _, response in response.send("head of get") }
            routes.on([.options], "/asks") { _, response in response.send("asked") }
            routes.get("/item/:id/x") { _, response in response.send("x") }
            routes.get("/item/new") { _, response in response.send("new") }
            routes.post("/item/*rest") { _, response in response.send("rest") }
            routes.on([.trace], "/traced") { _, response in response.send("traced") }
        }
    }

    @Test(arguments: [
        ("GET", "/page", "page"), ("POST", "/page", "posted"), ("PUT", "/item/1", "put"),
        ("PATCH", "/item/1", "patched"), ("DELETE", "/item/1", "deleted"),
        ("PURGE", "/cache", "PURGE"), ("BREW", "/cache", "BREW"), ("GET", "/cache", "GET"),
        ("OPTIONS", "/asks", "asked"), ("GET", "/item/new", "new"), ("TRACE", "/traced", "traced"),
        // The literal route lacks the method, and so is not one for this request.
        ("PUT", "/item/new", "put"), ("POST", "/item/new", "rest"), ("POST", "/item/1/x", "rest"),
    ])
    func choosesByMethod(method: String, path: String, body: String) {
        let answer = server.answer(get(path, method: method))
        #expect(answer.status == 200 && answer.text == body)
    }

    @Test(arguments: [
        ("DELETE", "/page", "GET, HEAD, OPTIONS, POST"),
        ("get", "/page", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/item/1", "DELETE, OPTIONS, PATCH, POST, PUT"),
        ("BREW", "/item/new", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("PURGED", "/cache", "BREW, GET, HEAD, OPTIONS, PURGE"),
        ("POST", "/cache", "BREW, GET, HEAD, OPTIONS, PURGE"),
        ("POST", "/head", "GET, HEAD, OPTIONS"), ("GET", "/asks", "OPTIONS"),
        ("HEAD", "/asks", "OPTIONS"),
        ("POST", "/traced", "OPTIONS, TRACE"),
    ])
    func namesTheMethodsOfAPath(method: String, path: String, allowed: String) {
        let answer = server.answer(get(path, method: method))
        #expect(answer.status == 405 && answer["Allow"] == allowed)
        #expect(answer.text == (method == "HEAD" ? "" : "405 Method Not Allowed\n"))
    }

    @Test(arguments: [
        ("/page", "GET, HEAD, OPTIONS, POST"), ("/item/1", "DELETE, OPTIONS, PATCH, POST, PUT"),
        ("/cache", "BREW, GET, HEAD, OPTIONS, PURGE"),
    ])
    func answersOptions(path: String, allowed: String) {
        let answer = server.answer(get(path, method: "OPTIONS"))
        #expect(answer.status == 204 && answer["Allow"] == allowed && answer.body.isEmpty)
        #expect(answer["Content-Length"] == nil)
    }

    @Test(arguments: ["GET", "OPTIONS", "BREW", "DELETE"])
    func knowsNoMethodOfAnUnknownPath(method: String) {
        let answer = server.answer(get("/nowhere", method: method))
        #expect(answer.status == 404 && answer["Allow"] == nil)
    }

    @Test func servesHeadByTheRouteOfGet() {
        let head = server.answer(get("/page", method: "HEAD"))
        #expect(head.status == 200 && head["Content-Length"] == "4" && head.body.isEmpty)
        #expect(server.answer(get("/head", method: "HEAD"))["X-Own"] == "1")
        #expect(server.answer(get("/head")).text == "head of get")
    }

    @Test func tellsTheFallbackWhatIsWrong() throws {
        let server = try routed { routes in
            routes.get("/a") { _, response in response.send("a") }
            routes.fallback { request, response, miss in
                response.send("\(miss) \(String(request.path))", status: miss.status)
            }
        }
        for (method, path, status, text, allowed) in [
            ("GET", "/b", 404, "notFound /b", nil),
            ("POST", "/a", 405, "methodNotAllowed /a", "GET, HEAD, OPTIONS"),
            ("GET", "/%", 400, "malformedPath /%", nil),
        ] as [(String, String, Int, String, String?)] {
            let answer = server.answer(get(path, method: method))
            #expect(answer.status == status && answer.text == text && answer["Allow"] == allowed)
        }
        #expect(server.answer(get("/a", method: "OPTIONS")).status == 204)
    }

    @Test func letsTheFallbackAnswerAnything() throws {
        let server = try routed { routes in
            routes.fallback(body: .whole) { request, response, _ in response.send(request.body) }
        }
        let answer = server.answer(post("/x", "proxied"))
        #expect(answer.status == 200 && answer.text == "proxied")
    }

    @Test func givesEachRouteItsBodyDelivery() throws {
        let server = try routed { routes in
            routes.post("/whole/:id") { request, response in response.send(request.body) }
            routes.post("/ignored", body: .ignored) { request, response in
                response.send("\(request.body.count)")
            }
            routes.post("/streamed", body: .streamed) { _, response in
                var count = 0
                response.receiveBody { piece, response in
                    count += piece.bytes.count
                    if piece.isLast { response.send("\(count) bytes") }
                    return .more
                }
            }
        }
        #expect(server.answer(post("/whole/1", "hello")).text == "hello")
        #expect(server.answer(post("/ignored", "hello")).text == "0")
        #expect(server.answer(post("/streamed", "hello")).text == "5 bytes")
        #expect(server.answer(post("/nowhere", "hello")).status == 404)
    }
}
