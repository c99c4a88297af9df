// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// Finds the handler of a request by its method and path.
///
/// ```swift
/// let router = try Router { routes in
///     routes.get("/") { request, response in response.send("Hello, World!") }
///     routes.get("/user/:id") { request, response in
///         let id = try request.parameters.require("id", as: Int.self)
///         response.send("User \(id)")
///     }
///     routes.get("/files/*path") { request, response in ... }
///     routes.group("/api") { api in
///         api.use(Access.requireToken)
///         api.post("/orders", Orders.create)
///     }
/// }
/// let server = try Server(port: 3000, router: router)
/// ```
///
/// **The closure** is run when the router is made, where mistakes are thrown, and then once on each
/// worker's thread, where its handlers stay: what it makes needs no lock, and is not shared by
/// workers. What workers share is made before, and captured. It lists the same routes each time, in
/// any order.
///
/// **A path** begins with a slash. A segment that begins with a colon is a parameter: it takes any
/// one segment that is not empty. A last segment that begins with an asterisk takes all the rest,
/// which may be empty. Everything else is taken literally: a slash at the end, empty segments and
/// `.` and `..` are nothing special, so `/user`, `/user/` and `/user//` are three paths. The query
/// has no part in it.
///
/// **Percent-encoding**: an escape is the same as the byte that it stands for (`/caf%C3%A9` is
/// `/café`, `%63` is `c`), except those of reserved characters, which differ from the characters
/// (RFC 3986, sections 2.2 and 6.2.2): `%2F` never is a slash, neither in a route nor in a request.
/// Nothing is decoded twice. Where a `%` is not followed by two hexadecimal digits, the answer
/// has the status 400.
///
/// **Of several routes** that match, segment by segment a literal one wins over a parameter, and a
/// parameter over a rest. A route has to have the method, too: where `/user/:id` takes GET and
/// `/user/me` takes only PUT, `GET /user/me` takes the first. Two routes that match the same paths
/// by the same method are refused.
///
/// **Without a route** the answer is 404; where the path has routes, but none for the method, 405
/// with `Allow`, and to OPTIONS 204 with `Allow`: the methods of those routes and OPTIONS itself,
/// in alphabetical order. HEAD is served by the route of GET. ``Routes/fallback(body:_:)`` replaces
/// these answers.
public struct Router: Sendable {
    private let tree: RouteTree
    /// The number of each route.
    private let numbers: [RouteKey: Int]
    /// By the number of the route.
    private let bodies: [Request.BodyDelivery]
    private let fallbackBody: Request.BodyDelivery
    /// Those of its routes, opened when it was made.
    private let folders = RouteFolders()
    private let build: @Sendable (inout Routes) -> Void

    /// The number of parameters that a route may have, its rest included: 16.
    public static var maximumParameterCount: Int { RoutePattern.maximumParameterCount }
    /// The number of steps that one request may need to find its route: 256. More are needed where
    /// routes overlap, which have a literal segment and a parameter at the same place.
    public static var maximumStepCount: Int { 256 }
    /// The number of methods that a router may have beside those that ``Method`` names.
    public static var maximumOtherMethodCount: Int { RouteMethods.maximumOtherCount }

    /// A router for the routes that `build` lists.
    ///
    /// - Throws: ``RouteError`` of the kind `invalidRoute`: a path is malformed, two routes match
    ///   the same requests, or one of the maxima above is passed. The message names the routes.
    public init(_ build: @escaping @Sendable (inout Routes) -> Void) throws(RouteError) {
        let list = RouteList(folders, build)
        if let mistake = list.mistake { throw mistake }
        self.build = build
        tree = try RouteTree(list)
        // No two are the same: they would match the same requests.
        numbers = Dictionary(
            uniqueKeysWithValues: list.routes.enumerated().map { ($1.key, $0) })
        bodies = list.routes.map(\.body)
        fallbackBody = list.fallbackBody
    }
}

extension Router {
    /// A handler with the routes, for one worker: it stays on the thread that calls this.
    ///
    /// `Server(router:)` calls it. Do it yourself to have something before every request:
    ///
    /// ```swift
    /// let server = try Server(
    ///     configuration: configuration, bodyDelivery: router.bodyDelivery,
    ///     makeHandler: { worker in
    ///         let route = router.makeHandler()
    ///         return { request, response in ...; try route(request, &response) }
    ///     })
    /// ```
    public func makeHandler() -> Server.Handler {
        let list = RouteList(folders, build)
        guard let handlers = list.handlers(in: numbers) else {
            let error = RouteError(
                .invalidRoute, "The router's closure did not list the same routes on each worker.")
            return { _, _ in throw error }
        }
        let table = RouteTable(tree, handlers, misses: list.misses)
        return { request, response in try table.handle(request, &response) }
    }

    /// How the body of a request reaches its handler: as its route says. For requests that have
    /// one.
    @Sendable
    public func bodyDelivery(for request: Request) -> Request.BodyDelivery {
        switch tree.find(request) {
        case .route(let route): bodies[route]
        default: fallbackBody
        }
    }
}

extension RouteTree {
    /// The tree of all routes of a list.
    convenience init(_ list: RouteList) throws(RouteError) {
        let root = RouteDraft()
        var methods = RouteMethods()
        var patterns: [RoutePattern] = []
        for (number, route) in list.routes.enumerated() {
            let pattern = try RoutePattern(route.path, of: route.description)
            let bits = try methods.bits(of: route)
            if let other = root.add(pattern, route: number, methods: bits) {
                throw RouteError(
                    .invalidRoute,
                    "\(route.description) matches the same requests as \(list.routes[other].description)."
                )
            }
            patterns.append(pattern)
        }
        if let number = findTooManySteps(root, patterns) {
            throw RouteError(
                .invalidRoute,
                "\(list.routes[number].description) and the routes before it overlap so much that a request could need more than \(Router.maximumStepCount) steps to find its own."
            )
        }
        self.init(
            root, methods: methods, names: patterns.map(\.names), paths: list.routes.map(\.path))
    }
}

/// The number of the pattern with which a tree of all of them passes the limit; `nil` where none
/// does.
private func findTooManySteps(_ root: RouteDraft, _ patterns: [RoutePattern]) -> Int? {
    guard root.maximumStepCount > Router.maximumStepCount else { return nil }
    let part = RouteDraft()
    return patterns.enumerated().first { number, pattern in
        _ = part.add(pattern, route: number, methods: [RouteMethods.get])
        return part.maximumStepCount > Router.maximumStepCount
    }?.offset
}

extension RouteMethods {
    fileprivate mutating func bits(of route: RouteList.Route) throws(RouteError) -> [Int] {
        if route.methods.isEmpty {
            throw RouteError(.invalidRoute, "\(route.path): a route has a method.")
        }
        var bits: [Int] = []
        for method in route.methods {
            if method == .connect {
                throw RouteError(
                    .invalidRoute, "\(route.description): CONNECT is answered by the server itself."
                )
            }
            guard let bit = bit(of: method) else {
                throw RouteError(
                    .invalidRoute,
                    "\(route.description): there are more than \(Router.maximumOtherMethodCount) methods that HTTP does not define."
                )
            }
            bits.append(bit)
        }
        return bits
    }
}
