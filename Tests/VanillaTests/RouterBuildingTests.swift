// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// What is found when a router is made.
@Suite struct RouterBuildingTests {
    /// What a router for GET routes with these paths is refused with.
    private func refusal(_ paths: [String]) -> String? {
        refusal { routes in
            for path in paths { routes.get(path) { _, response in response.send("") } }
        }
    }

    private func refusal(_ routes: @escaping @Sendable (inout Routes) -> Void) -> String? {
        do throws(RouteError) {
            _ = try Router(routes)
            return nil
        } catch {
            #expect(error.kind == .invalidRoute)
            return error.message
        }
    }

    @Test(arguments: [
        ("/user/:id", "/user/:name"), ("/a", "/a"), ("/a/*x", "/a/*y"), ("/", "/"),
        ("/%61", "/a"), ("/café", "/caf%c3%a9"), ("/:a/x/:b", "/:c/x/:d"), ("/a%2f", "/a%2F"),
    ])
    func namesBothOfTwoRoutesForTheSameRequests(first: String, second: String) {
        let message = refusal([first, "/other", second])
        #expect(message == "GET \(second) matches the same requests as GET \(first).")
    }

    @Test func comparesRoutesByMethod() {
        #expect(
            refusal { routes in
                routes.get("/a/:x") { _, response in response.send("") }
                routes.post("/a/:y") { _, response in response.send("") }
                routes.on([.head], "/a/:z") { _, response in response.send("") }
            } == nil)
        let message = refusal { routes in
            routes.on([Method("BREW"), .put], "/a/:x") { _, response in response.send("") }
            routes.on([.get, Method("BREW")], "/a/:y") { _, response in response.send("") }
        }
        #expect(message == "GET, BREW /a/:y matches the same requests as BREW, PUT /a/:x.")
    }

    @Test func comparesRoutesBeyondGroups() {
        let message = refusal { routes in
            routes.get("/api/users/:id") { _, response in response.send("") }
            routes.group("/api") { api in
                api.group("/users") { users in
                    users.get("/:name") { _, response in response.send("") }
                }
            }
        }
        #expect(
            message == "GET /api/users/:name matches the same requests as GET /api/users/:id.")
    }

    @Test(arguments: [
        ("", "begins with"), ("a", "begins with"), ("*", "begins with"), (":id", "begins with"),
        ("http://a/", "begins with"),
        ("/:", "is no name"), ("/a/:/b", "is no name"), ("/*", "is no name"),
        ("/:id(Int)", "is no name"), ("/:id?", "is no name"), ("/:file.json", "is no name"),
        ("/:é", "is no name"), ("/::a", "is no name"), ("/*a*", "is no name"),
        ("/*rest/a", "may follow \"*rest\""), ("/a/*rest/", "may follow"),
        ("/*rest/:a", "may follow"),
        ("/:a/:a", "two parameters \"a\""), ("/:a/b/*a", "two parameters \"a\""),
        ("/files/{id}", "write \":id\" for \"{id}\"."), ("/{path*}", "write \"*path\" for"),
        ("/{*path}", "write \"*path\""), ("/{path...}", "write \"*path\""),
        ("/a{id}", "write %7B and %7D"), ("/{}", "no braces"), ("/{", "no braces"),
        ("/}", "no braces"), ("/{é}", "no braces"),
        ("/a?b=c", "no \"?\""), ("/a#b", "no \"#\""),
        ("/%", "hexadecimal"), ("/a%6", "hexadecimal"), ("/%zz/:a", "hexadecimal"),
    ])
    func refusesWhatIsNoPath(path: String, reason: String) throws {
        let message = try #require(refusal(["/fine", path]))
        #expect(message.hasPrefix("GET \(path): ") && message.contains(reason))
    }

    @Test(arguments: ["/a:b", "/a*b", "/a/b*", "/-:x", "/a//b", "/a/", "/.", "/*a_B-9", "/:0"])
    func takesWhatLooksLikeAParameterAndIsNone(path: String) {
        #expect(refusal([path]) == nil)
    }

    @Test(arguments: ["api", "/api/", "/", "api/"])
    func refusesWhatIsNoPrefix(prefix: String) throws {
        let message = refusal { routes in
            routes.group("/v1") { routes in
                routes.group(prefix) { group in
                    group.get("/a") { _, response in response.send("") }
                }
            }
        }
        #expect(message?.hasPrefix("The group \"/v1\(prefix)\": ") == true)
    }

    @Test func refusesMethodsThatNeverReachIt() {
        let none = refusal { routes in routes.on([], "/a") { _, response in response.send("") } }
        #expect(none == "/a: a route has a method.")
        let connect = refusal { routes in
            routes.on([.get, .connect], "/a") { _, response in response.send("") }
        }
        #expect(connect?.hasPrefix("GET, CONNECT /a: ") == true)
    }

    @Test func boundsTheParametersOfARoute() throws {
        @Sendable func path(_ count: Int) -> String { (0..<count).map { "/:p\($0)" }.joined() }
        let most = Router.maximumParameterCount
        #expect(most == 16)
        let server = try routed { routes in
            routes.get(path(most)) { request, response in
                response.send(
                    "\(request.parameters.count) \(String(request.parameters["p15", as: Bytes.self]!))"
                )
            }
            routes.get(path(most - 1) + "/x/*rest") { request, response in
                response.send(try request.parameters.require("rest", as: Bytes.self))
            }
        }
        let target = (0..<most).map { "/v\($0)" }.joined()
        #expect(server.answer(get(target)).text == "16 v15")
        let long = (0..<most - 1).map { "/v\($0)" }.joined() + "/x/y/z"
        #expect(server.answer(get(long)).text == "y/z")
        for path in [path(most + 1), path(most) + "/*rest"] {
            #expect(refusal([path]) == "GET \(path): there are more than 16 parameters.")
        }
    }

    @Test func boundsTheMethodsThatHTTPDoesNotDefine() throws {
        @Sendable func list(_ count: Int, _ routes: inout Routes) {
            for number in 1...count {
                routes.on([Method("M\(number)")], "/a") { request, response in
                    response.send(request.methodName)
                }
            }
        }
        let most = Router.maximumOtherMethodCount
        let server = try routed { routes in list(most, &routes) }
        #expect(server.answer(get("/a", method: "M1")).text == "M1")
        #expect(server.answer(get("/a", method: "M\(most)")).text == "M\(most)")
        let allowed = try #require(server.answer(get("/a"))["Allow"])
        #expect(allowed.split(separator: ", ").count == most + 1)  // and OPTIONS
        #expect(allowed.split(separator: ", ").sorted() == allowed.split(separator: ", "))
        let message = refusal { routes in list(most + 1, &routes) }
        #expect(message?.hasPrefix("M\(most + 1) /a: ") == true)
    }

    @Test func boundsTheStepsOfOneRequest() throws {
        // A node for each, one below the other, and the root.
        let paths = (1..<Router.maximumStepCount).map { "/" + String(repeating: "z", count: $0) }
        let server = try echoing(paths)
        #expect(server.answer(get(paths.last!)).text == paths.last!)
        #expect(server.answer(get(paths.last! + "z")).status == 404)

        let more = paths.last! + "z"
        let message = try #require(refusal(paths + [more, "/b"]))
        #expect(message.hasPrefix("GET \(more) and the routes before it overlap"))
        #expect(message.contains("\(Router.maximumStepCount) steps"))
    }

    /// Every mixture of a literal and a parameter in `depth` segments: a path of the literal ones
    /// leads into each of them before it is known to match none.
    private static func adversary(_ depth: Int) -> [String] {
        (0..<(1 << depth)).map { bits in
            (0..<depth).map { bits & 1 << $0 == 0 ? "/a" : "/:p\($0)" }.joined()
        }
    }

    @Test func refusesRoutesThatDoubleTheStepsWithEachSegment() throws {
        for depth in 1...5 { #expect(refusal(RouterBuildingTests.adversary(depth)) == nil) }
        let server = try echoing(RouterBuildingTests.adversary(5))
        #expect(server.answer(get("/a/a/a/a/a")).text == "/a/a/a/a/a")
        #expect(server.answer(get("/b/a/b/a/b")).text == "/:p0/a/:p2/a/:p4")
        #expect(server.answer(get("/a/a/a/a/a/a")).status == 404)
        #expect(try #require(refusal(RouterBuildingTests.adversary(8))).contains("overlap"))
    }

    @Test func staysLinearInThePathForManyAlternatives() throws {
        // Each level has a literal and a parameter, and only the last tells them apart. Without a
        // bound for each node, a path of 14 segments would take 2^14 turns.
        var paths = ["/"]
        var prefix = ""
        for level in 0..<14 {
            prefix += "/:p\(level)"
            paths.append(prefix + "/end")
            paths.append(String(repeating: "/a", count: level + 1) + "/stop")
        }
        let server = try echoing(paths)
        #expect(
            server.answer(get(String(repeating: "/a", count: 14) + "/end")).text.hasSuffix("/end"))
        #expect(server.answer(get(String(repeating: "/a", count: 7_000))).status == 404)
    }

    @Test func servesAThousandRoutes() throws {
        let paths = (0..<1000).map { "/service\($0 % 50)/resource\($0)/:a/part\($0 % 7)" }
        let server = try echoing(paths)
        for (number, path) in paths.enumerated() {
            let target = path.replacing(":a", with: "\(number)")
            #expect(server.answer(get(target)).text == "\(path) a=\(number)")
        }
    }
}

@Suite struct RouterGroupTests {
    @Test func putsThePrefixBeforeEachPath() throws {
        let server = try routed { routes in
            routes.group("/api") { api in
                api.get("") { _, response in response.send("api") }
                api.get("/") { _, response in response.send("api/") }
                api.group("/teams/:team") { team in
                    team.get("/users/:id") { request, response in
                        let team = try request.parameters.require("team", as: String.self)
                        let id = try request.parameters.require("id", as: Int.self)
                        response.send("\(team) \(id)")
                    }
                }
            }
        }
        #expect(server.answer(get("/api")).text == "api")
        #expect(server.answer(get("/api/")).text == "api/")
        #expect(server.answer(get("/api/teams/red/users/7")).text == "red 7")
        #expect(server.answer(get("/teams/red/users/7")).status == 404)
    }

    /// Notes that it was passed, before and after what follows.
    private static func note(_ name: String, _ log: Recorder<String>) -> Routes.Middleware {
        { request, response, next in
            log.record("+\(name)")
            try next(request, &response)
            log.record("-\(name)")
        }
    }

    @Test func callsMiddlewareFromTheOutsideIn() throws {
        let log = Recorder<String>()
        let server = try routed { routes in
            routes.use(RouterGroupTests.note("a", log))
            routes.get("/before") { _, response in response.send("") }
            routes.group("/x") { x in
                x.get("/y") { _, response in
                    log.record("y")
                    response.send("")
                }
                x.use(RouterGroupTests.note("c", log))
                x.group { group in
                    group.use(RouterGroupTests.note("e", log))
                    group.get("/z") { _, response in
                        log.record("z")
                        response.send("")
                    }
                }
                x.use(RouterGroupTests.note("d", log))
            }
            routes.use(RouterGroupTests.note("b", log))
        }
        for (path, passed) in [
            ("/before", ["+a", "+b", "-b", "-a"]),
            ("/x/y", ["+a", "+b", "+c", "+d", "y", "-d", "-c", "-b", "-a"]),
            ("/x/z", ["+a", "+b", "+c", "+d", "+e", "z", "-e", "-d", "-c", "-b", "-a"]),
            // The router's own is passed without a route, too; a group's is not.
            ("/x/nowhere", ["+a", "+b", "-b", "-a"]), ("/%", ["+a", "+b", "-b", "-a"]),
        ] {
            log.clear()
            _ = server.answer(get(path))
            #expect(log.values == passed, "\(path)")
        }
    }

    @Test func letsMiddlewareAnswerByItself() throws {
        let reached = Recorder<Int>()
        let server = try routed { routes in
            routes.group("/admin") { admin in
                admin.use { request, response, next in
                    guard request.headers[.authorization] != nil else {
                        response.headers.add(.wwwAuthenticate, "Bearer")
                        return response.send(status: .unauthorized)
                    }
                    response.headers.add("X-Passed", "1")
                    try next(request, &response)
                }
                admin.get("/:id") { request, response in
                    reached.record(1)
                    response.send(try request.parameters.require("id", as: Bytes.self))
                }
            }
        }
        let refused = server.answer(get("/admin/1"))
        #expect(refused.status == 401 && refused["WWW-Authenticate"] == "Bearer")
        #expect(reached.values.isEmpty)
        let passed = server.answer(get("/admin/1", fields: "Authorization: x"))
        #expect(passed.status == 200 && passed.text == "1" && passed["X-Passed"] == "1")
    }

    @Test func letsMiddlewareReadParametersAndCatchErrors() throws {
        let server = try routed { routes in
            routes.use { request, response, next in
                do {
                    try next(request, &response)
                } catch is TestFailure {
                    response.send(
                        "caught \(String(try request.parameters.require("id", as: Bytes.self)))",
                        status: .conflict)
                }
            }
            routes.get("/:id") { _, _ in throw TestFailure() }
        }
        let answer = server.answer(get("/7"))
        #expect(answer.status == 409 && answer.text == "caught 7")
    }

    @Test func letsMiddlewareAnswerOptionsOfAnyPath() throws {
        let server = try routed { routes in
            routes.use { request, response, next in
                response.headers.add(.accessControlAllowOrigin, "*")
                try next(request, &response)
            }
            routes.get("/a") { _, response in response.send("a") }
        }
        let options = server.answer(get("/a", method: "OPTIONS"))
        #expect(options.status == 204 && options["Allow"] == "GET, HEAD, OPTIONS")
        for path in ["/a", "/b"] {
            #expect(server.answer(get(path))["Access-Control-Allow-Origin"] == "*")
        }
    }
}

@Suite struct RouterWorkerTests {
    @Test(arguments: backends)
    func keepsStateOfEachWorkerOnItsThread(backend: Server.Backend) throws {
        /// Not Sendable, and so never on two threads.
        final class Counter {
            var count = 0
        }
        let runs = Recorder<Int>()
        var configuration = local(backend)
        configuration.workers = 3
        let router = try Router { routes in
            runs.record(1)
            let counter = Counter()
            var reads = 0
            routes.post("/count") { _, response in
                counter.count += 1
                response.send("\(counter.count)")
            }
            routes.get("/count") { _, response in
                reads += 1
                response.send("\(counter.count) \(reads)")
            }
        }
        #expect(runs.values.count == 1)
        let server = try Server(configuration: configuration, router: router)
        try server.start()
        #expect(runs.wait(for: 4))
        // One connection is one worker's.
        let answers = try server.answers([
            post("/count", ""), post("/count", ""), get("/count"), get("/count"),
        ])
        #expect(answers.map(\.text) == ["1", "2", "2 1", "2 2"])
        server.stop(within: .zero)
        server.wait()
    }

    @Test func answers500WhereTheClosureListsOtherRoutesEachTime() throws {
        let runs = Recorder<Int>()
        let log = Recorder<String>()
        let server = try routed(log: log) { routes in
            runs.record(1)
            routes.get("/\(runs.values.count)") { _, response in response.send("") }
        }
        #expect(server.answer(get("/1")).status == 500)
        #expect(log.values.count == 1 && log.values[0].contains("same routes"))
    }

    @Test func takesTheRoutesInAnyOrder() throws {
        let runs = Recorder<Int>()
        let server = try routed { routes in
            runs.record(1)
            // As of a dictionary that is made each time.
            let paths = ["/a", "/b/:x", "/b/c", "/*x"]
            for path in runs.values.count == 1 ? paths : paths.reversed() {
                routes.get(path) { _, response in response.send(path) }
            }
        }
        for (target, path) in [("/a", "/a"), ("/b/1", "/b/:x"), ("/b/c", "/b/c"), ("/", "/*x")] {
            #expect(server.answer(get(target)).text == path)
        }
        #expect(runs.values.count == 2)
    }

    @Test func plugsInAsAHandler() throws {
        let router = try Router { routes in
            routes.post("/:id") { request, response in response.send(request.body) }
        }
        let server = try Server(
            configuration: local(), bodyDelivery: router.bodyDelivery,
            makeHandler: { _ in
                let route = router.makeHandler()
                return { request, response in
                    response.headers.add("X-Before", "1")
                    try route(request, &response)
                }
            })
        let answer = server.answer(post("/1", "hello"))
        #expect(answer.text == "hello" && answer["X-Before"] == "1")
        #expect(server.answer(get("/1")).status == 405)
    }

    @Test(arguments: backends)
    func servesOverSockets(backend: Server.Backend) throws {
        let router = try Router { routes in
            routes.get("/user/:id") { request, response in
                response.send(try request.parameters.require("id", as: Bytes.self))
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        let answers = try server.answers([
            get("/user/1"), get("/user/a%2Fb"), get("/user/1", method: "HEAD"), get("/user"),
            post("/user/1", "body"), get("/user/%zz"), get("/user/1", method: "OPTIONS"),
        ])
        #expect(answers.map(\.status) == [200, 200, 200, 404, 405, 400, 204])
        #expect(answers[1].text == "a%2Fb")
    }
}
