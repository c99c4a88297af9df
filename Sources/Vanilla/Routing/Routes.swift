// SPDX-License-Identifier: MIT

/// The routes of a router or of a group, while they are listed: see ``Router``.
///
/// None of these functions throws: what is wrong with a route is thrown by `Router.init`.
public struct Routes: ~Copyable {
    /// Answers a request by calling `next`, or by itself.
    ///
    /// ```swift
    /// routes.use { request, response, next in
    ///     guard isKnown(request.headers[.authorization]) else {
    ///         throw RequestError(.unauthorized)
    ///     }
    ///     response.headers[.cacheControl] = "no-store"
    ///     try next(request, &response)
    /// }
    /// ```
    ///
    /// What it does before `next` comes before the handler, so that headers can be set; an answer
    /// is on its way once `next` has returned, so that nothing can be added then.
    public typealias Middleware = (Request, inout ResponseWriter, Server.Handler) throws -> Void

    /// Answers a request that no route takes. Of the response, `Allow` is set where it belongs.
    public typealias Fallback = (Request, inout ResponseWriter, Router.Miss) throws -> Void

    /// What stands before each path.
    private let prefix: String
    private let list: RouteList
    /// Where this group's routes begin in the list.
    private let start: Int
    private var middleware: [RouteMiddleware] = []

    /// What is wrong with a route, thrown by `Router.init`.
    func misplace(_ message: String) {
        list.misplace(message)
    }

    /// The folder of a route, which the builds of a router share.
    func openFolder(
        _ folder: String, for path: String, _ options: FileFolder.Options
    ) throws(FileError) -> FileFolder {
        try list.folders.folder(folder, for: prefix + path, options)
    }

    init(of list: RouteList, prefix: String = "") {
        self.list = list
        self.prefix = prefix
        start = list.routes.count
    }
}

extension Routes {
    /// Adds a route for GET, which serves HEAD as well unless there is a route for that.
    ///
    /// - Parameters:
    ///   - path: As ``Router`` says, after the group's prefix; empty for the prefix itself.
    ///   - body: How a request's body reaches the handler.
    ///   - handler: Called for each request that takes this route.
    public mutating func get(
        _ path: String, body: Request.BodyDelivery = .whole, _ handler: @escaping Server.Handler
    ) {
        on([.get], path, body: body, handler)
    }

    /// Adds a route for POST, as ``get(_:body:_:)`` does.
    public mutating func post(
        _ path: String, body: Request.BodyDelivery = .whole, _ handler: @escaping Server.Handler
    ) {
        on([.post], path, body: body, handler)
    }

    /// Adds a route for PUT, as ``get(_:body:_:)`` does.
    public mutating func put(
        _ path: String, body: Request.BodyDelivery = .whole, _ handler: @escaping Server.Handler
    ) {
        on([.put], path, body: body, handler)
    }

    /// Adds a route for PATCH, as ``get(_:body:_:)`` does.
    public mutating func patch(
        _ path: String, body: Request.BodyDelivery = .whole, _ handler: @escaping Server.Handler
    ) {
        on([.patch], path, body: body, handler)
    }

    /// Adds a route for DELETE, as ``get(_:body:_:)`` does.
    public mutating func delete(
        _ path: String, body: Request.BodyDelivery = .whole, _ handler: @escaping Server.Handler
    ) {
        on([.delete], path, body: body, handler)
    }

    /// Adds a route for any methods.
    ///
    /// ```swift
    /// routes.on([.get, .post], "/search") { request, response in ... }
    /// routes.on([Method("PURGE")], "/cache/*key") { request, response in ... }
    /// ```
    ///
    /// - Parameters:
    ///   - methods: One or more. GET brings HEAD with it. OPTIONS is answered by the router unless
    ///     there is a route for it; CONNECT and `OPTIONS *` are answered by the server.
    ///   - path, body, handler: As for ``get(_:body:_:)``.
    public mutating func on(
        _ methods: [Method], _ path: String, body: Request.BodyDelivery = .whole,
        _ handler: @escaping Server.Handler
    ) {
        add(methods, path, body: body, RouteHandler(handler))
    }

    mutating func add(
        _ methods: [Method], _ path: String, body: Request.BodyDelivery, _ handler: RouteHandler
    ) {
        // By a name of its own: with ThreadSanitizer the compiler (6.3) fails on a change that goes
        // through a value that cannot be copied.
        let list = list
        list.routes.append(
            RouteList.Route(methods: methods, path: prefix + path, body: body, handler: handler))
    }
}

extension Routes {
    /// Lists routes that have the beginning of their paths in common, and what is used for them.
    ///
    /// ```swift
    /// routes.group("/teams/:team") { team in
    ///     team.use(Access.requireMember)
    ///     team.get("") { ... }            // /teams/:team
    ///     team.get("/users/:id") { ... }  // /teams/:team/users/:id
    /// }
    /// ```
    ///
    /// - Parameter prefix: Begins with a slash and does not end with one; empty for a group that
    ///   has only its middleware in common.
    public mutating func group(_ prefix: String = "", _ body: (inout Routes) -> Void) {
        if !prefix.isEmpty, !prefix.hasPrefix("/") || prefix.hasSuffix("/") {
            list.misplace(
                "The group \"\(self.prefix + prefix)\": a prefix begins with \"/\" and does not end with it."
            )
        }
        var group = Routes(of: list, prefix: self.prefix + prefix)
        body(&group)
        group.wrap()
    }

    /// Passes every request that takes a route of this group, or of a group within it, through
    /// `middleware`.
    ///
    /// The first one used is the first one called; that of a group comes after that of the group
    /// around it. Where `use` stands among the routes does not matter. What the router itself uses,
    /// outside of all groups, is called for requests that take no route, too.
    public mutating func use(_ middleware: @escaping Middleware) {
        add(RouteMiddleware(middleware))
    }

    mutating func add(_ middleware: RouteMiddleware) {
        self.middleware.append(middleware)
    }

    /// Answers every request that takes no route by `handler`, in place of an answer with the body
    /// that ``Server/Configuration/errorBody`` says.
    ///
    /// ```swift
    /// routes.fallback { request, response, miss in
    ///     response.send("There is nothing here.", status: miss.status)
    /// }
    /// ```
    ///
    /// A router has one: the last one named counts.
    ///
    /// - Parameters:
    ///   - body: How the body of such a request reaches the handler.
    ///   - handler: Called with what is wrong with the request.
    public mutating func fallback(
        body: Request.BodyDelivery = .ignored, _ handler: @escaping Fallback
    ) {
        list.fallback = handler
        list.fallbackBody = body
    }
}

extension Routes {
    /// Puts the middleware around the handlers of this group, each of which becomes one closure.
    func wrap() {
        let list = list  // As in on(_:_:body:_:).
        for index in start..<list.routes.count {
            list.routes[index].handler = wrapped(list.routes[index].handler)
        }
    }

    func wrapped(_ handler: RouteHandler) -> RouteHandler {
        middleware.reversed().reduce(handler) { next, middleware in middleware.around(next) }
    }
}

/// What a router's closure has listed.
final class RouteList {
    struct Route {
        let methods: [Method]
        let path: String
        let body: Request.BodyDelivery
        var handler: RouteHandler

        var key: RouteKey { RouteKey(methods: methods, path: path) }

        /// The route as the user wrote it.
        var description: String {
            "\(methods.map(\.description).joined(separator: ", ")) \(path)"
        }
    }

    var routes: [Route] = []
    var fallback: Routes.Fallback = { _, response, miss in response.sendError(miss.status) }
    var fallbackBody = Request.BodyDelivery.ignored
    /// The first mistake that is not one of a route.
    private(set) var mistake: RouteError?
    /// What answers each miss, with what the router itself uses around it.
    private(set) var misses: [RouteHandler] = []

    /// Those of the router.
    let folders: RouteFolders

    /// What `build` lists.
    init(_ folders: RouteFolders, _ build: (inout Routes) -> Void) {
        self.folders = folders
        var routes = Routes(of: self)
        build(&routes)
        routes.wrap()
        let fallback = fallback
        misses = Router.Miss.allCases.map { miss in
            routes.wrapped(
                RouteHandler { request, response in
                    if miss.namesMethods { try request.addAllowed(to: &response) }
                    try fallback(request, &response, miss)
                })
        }
    }

    func misplace(_ message: String) {
        mistake = mistake ?? RouteError(.invalidRoute, message)
    }

    /// The handlers in the order of `numbers`; `nil` where the routes are not the same.
    ///
    /// The order in which they were listed may differ: that of a dictionary does.
    func handlers(in numbers: [RouteKey: Int]) -> [RouteHandler]? {
        guard routes.count == numbers.count else { return nil }
        var handlers = [RouteHandler?](repeating: nil, count: routes.count)
        for route in routes {
            guard let number = numbers[route.key] else { return nil }
            handlers[number] = route.handler
        }
        let found = handlers.compactMap(\.self)
        return found.count == routes.count ? found : nil
    }
}

/// The folders of a router's routes: its closure is run for each worker, and they are opened once.
final class RouteFolders: Sendable {
    private let folders = Lock<[String: FileFolder]>([:])

    func folder(
        _ path: String, for route: String, _ options: FileFolder.Options
    ) throws(FileError) -> FileFolder {
        try folders.withLock { (folders) throws(FileError) in
            if let folder = folders[route] { return folder }
            let folder = try FileFolder(path, options: options)
            folders[route] = folder
            return folder
        }
    }
}

/// What tells a route from the others of its router.
struct RouteKey: Hashable, Sendable {
    let methods: [Method]
    let path: String
}

extension Request {
    /// Names the methods that the path supports (RFC 9110, section 10.2.1): those of its routes,
    /// and OPTIONS, which is answered for every path that has any.
    fileprivate func addAllowed(to response: inout ResponseWriter) throws(ResponseError) {
        guard let match = unsafe match else { return }
        // The router has filled it in.
        let methods = unsafe match.pointee.methods
        let list = unsafe match.pointee.withTree { tree in
            tree.methods.list(methods | 1 << UInt64(RouteMethods.options))
        }
        try response.headers.add(.allow, list)
    }
}
