// SPDX-License-Identifier: MIT

extension Server {
    /// A server whose requests are answered by a router's handlers.
    ///
    /// ```swift
    /// let server = try Server(port: 3000, router: router)
    /// ```
    ///
    /// - Parameters:
    ///   - host: An address in digits, or a name such as `localhost`, which is looked up at the
    ///     start; `nil` for every address of the machine, IPv4 and IPv6.
    ///   - port: The port; 0 for any free one.
    ///   - router: Its closure is run once on each worker's thread.
    /// - Throws: ``ServerError`` of the kind `invalidAddress` when the host is no address and no
    ///   name, or `invalidConfiguration` when the port is out of range. Nothing is opened yet.
    public convenience init(
        host: String? = nil, port: Int = 3000, router: Router
    ) throws(ServerError) {
        let address: Configuration.Address =
            if let host { .host(host, port: port) } else { .any(port: port) }
        try self.init(configuration: Configuration(address: address), router: router)
    }

    /// A server whose requests are answered by a router's handlers.
    ///
    /// - Parameters:
    ///   - configuration: Every option.
    ///   - router: Its closure is run once on each worker's thread. Its routes say how bodies reach
    ///     their handlers.
    /// - Throws: ``ServerError`` when an option is impossible; the message names it. Nothing is
    ///   opened yet.
    public convenience init(configuration: Configuration, router: Router) throws(ServerError) {
        try self.init(
            configuration: configuration, bodyDelivery: router.bodyDelivery,
            makeHandler: { _ in router.makeHandler() })
    }
}
