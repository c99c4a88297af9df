// SPDX-License-Identifier: MIT

/// An HTTP/1.1 server.
///
/// ```swift
/// let server = try Server(port: 3000) { request, response in
///     switch request.path {
///     case "/": response.send("Hello, World!")
///     default: response.send(status: .notFound)
///     }
/// }
/// try server.run()
/// ```
///
/// Each worker thread has its own connections and calls the handler for them. A handler must not
/// block: an answer that takes time is deferred (``ResponseWriter/sendLater(_:)``) or streamed.
/// What a handler throws is answered 500 and logged; a ``RequestError`` is an answer. A server that
/// is released while it runs is stopped at once, in the background.
public final class Server: Sendable {
    /// What the server was made with.
    public let configuration: Configuration

    let core: ServerCore
    let hooks: Hooks

    /// A server with one handler for all workers, which may call it at the same time.
    ///
    /// - Parameters:
    ///   - host: An address in digits, or a name such as `localhost`, which is looked up at the
    ///     start; `nil` for every address of the machine, IPv4 and IPv6.
    ///   - port: The port; 0 for any free one.
    ///   - handler: Called on the worker's thread for each request.
    /// - Throws: ``ServerError`` of the kind `invalidAddress` when the host is no address and no
    ///   name, or `invalidConfiguration` when the port is out of range. Nothing is opened yet.
    public convenience init(
        host: String? = nil, port: Int = 3000,
        handler: @escaping @Sendable (Request, inout ResponseWriter) throws -> Void
    ) throws(ServerError) {
        let address: Configuration.Address =
            if let host { .host(host, port: port) } else { .any(port: port) }
        try self.init(configuration: Configuration(address: address), handler: handler)
    }

    /// A server with one handler for all workers, which may call it at the same time.
    ///
    /// - Parameters:
    ///   - configuration: Every option.
    ///   - bodyDelivery: Chooses from the head of a request how its body reaches the handler;
    ///     without it every body comes whole.
    ///   - handler: Called on the worker's thread for each request.
    /// - Throws: ``ServerError`` when an option is impossible; the message names it. Nothing is
    ///   opened yet.
    public convenience init(
        configuration: Configuration,
        bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)? = nil,
        handler: @escaping @Sendable (Request, inout ResponseWriter) throws -> Void
    ) throws(ServerError) {
        try self.init(
            configuration: configuration, bodyDelivery: bodyDelivery, makeHandler: { _ in handler })
    }

    /// A server with a handler for each worker, whose state needs no lock, because it never leaves
    /// its thread.
    ///
    /// ```swift
    /// let server = try Server(configuration: configuration) { worker in
    ///     let cache = Cache()  // a class that is not Sendable
    ///     return { request, response in response.send(cache.page(for: request)) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - configuration: Every option.
    ///   - bodyDelivery: Chooses from the head of a request how its body reaches the handler;
    ///     without it every body comes whole.
    ///   - makeHandler: Called once on each worker's thread, before its first request. The handler
    ///     is released on it.
    /// - Throws: ``ServerError`` when an option is impossible; the message names it. Nothing is
    ///   opened yet.
    public init(
        configuration: Configuration,
        bodyDelivery: (@Sendable (Request) -> Request.BodyDelivery)? = nil,
        makeHandler: @escaping @Sendable (Worker) -> Handler
    ) throws(ServerError) {
        self.configuration = configuration
        hooks = Hooks(
            makeHandler: makeHandler, bodyDelivery: bodyDelivery, configuration: configuration)
        core = try ServerCore(configuration: configuration, hooks: hooks)
    }

    /// A server like `other` that listens elsewhere.
    package init(like other: Server, at listener: Listener) throws(ServerError) {
        var configuration = other.configuration
        configuration.listeners = [listener]
        self.configuration = configuration
        hooks = other.hooks
        core = try ServerCore(configuration: configuration, hooks: hooks)
    }

    deinit {
        core.abandon()
    }
}
