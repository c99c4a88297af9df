// SPDX-License-Identifier: MIT

public import ArgumentParser
public import Vanilla

/// The options that every executable of this project has.
public struct ServerOptions: ParsableArguments {
    @Option(help: "The address or name to listen on. (default: all, IPv4 and IPv6)")
    public var host: String?

    @Option(help: "The port, 0 for any free one. (environment: PORT, default: 3000)")
    public var port: Int?

    @Option(help: "The path of a unix domain socket to listen on, instead of host and port.")
    public var unixSocket: String?

    @Option(
        help: """
            Another address to listen on, as often as needed: a port, an address or a name and a \
            port (127.0.0.1:3001, [::1]:3001), or unix: and a path.
            """)
    public var listen: [ListenOption] = []

    @Option(help: "The port of another listener, for HTTP/2 in clear by prior knowledge.")
    public var h2cPort: Int?

    @Flag(help: "Listeners over TLS offer HTTP/1.1 alone.")
    public var http1Only = false

    @OptionGroup
    public var tls: TLSOptions

    @Option(help: "auto, io_uring, epoll or kqueue. (environment: VANILLA_BACKEND, default: auto)")
    public var backend: BackendOption?

    @Option(help: "The number of worker threads. (default: one on each CPU allowed)")
    public var workers: Int?

    @Option(help: "rfc, always or never.")
    public var keepAlive = KeepAliveOption()

    public init() {}

    /// Refuses impossible values, which ends the program with a message and the status 64
    /// (sysexits.h).
    public func validate() throws {
        _ = try portInForce
        _ = try backendInForce
        if let h2cPort { _ = try checked(h2cPort, "--h2c-port") }
        if let workers, !(1...1024 ~= workers) {
            throw ValidationError("--workers is \(workers), but must be 1 to 1024.")
        }
        if unixSocket != nil, host != nil || port != nil {
            throw ValidationError("--unix-socket stands instead of --host and --port.")
        }
    }
}

extension ServerOptions {
    /// The configuration that the options ask for.
    public var configuration: Server.Configuration {
        get throws {
            var configuration = Server.Configuration(address: try address)
            configuration.listeners += listen.map { Server.Listener($0.address) }
            if tls.tls { configuration.listeners[0] = try tls.listener(at: configuration.address) }
            if let port = tls.tlsPort {
                configuration.listeners.append(try tls.listener(at: addressOfHost(port: port)))
            }
            if http1Only {
                for index in configuration.listeners.indices {
                    configuration.listeners[index].protocols = .http1
                }
            }
            if let port = h2cPort {
                configuration.listeners.append(
                    Server.Listener(addressOfHost(port: port), protocols: .http2))
            }
            configuration.backend = try backendInForce
            configuration.workers = workers
            configuration.keepAlive = keepAlive.keepAlive
            // Nothing waits for the server here when it begins to listen.
            configuration.usesCallingThread = true
            return configuration
        }
    }

    /// As many workers as there will be, unless this program may not use all processors.
    public var maximumWorkerCount: Int { workers ?? processorCount }

    private var address: Server.Configuration.Address {
        get throws {
            if let unixSocket { return .unixSocket(path: unixSocket) }
            return addressOfHost(port: try portInForce)
        }
    }

    private func addressOfHost(port: Int) -> Server.Configuration.Address {
        if let host { .host(host, port: port) } else { .any(port: port) }
    }

    private var portInForce: Int {
        get throws {
            if let port { return try checked(port, "--port") }
            guard let text = environmentVariable("PORT") else { return 3000 }
            guard let port = Int(text) else {
                throw ValidationError("The environment's PORT is \"\(text)\", which is no number.")
            }
            return try checked(port, "The environment's PORT")
        }
    }

    private func checked(_ port: Int, _ source: String) throws -> Int {
        guard 0...65535 ~= port else {
            throw ValidationError("\(source) is \(port), but must be 0 to 65535.")
        }
        return port
    }

    private var backendInForce: Server.Backend? {
        get throws {
            if let backend { return backend.backend }
            guard let text = environmentVariable("VANILLA_BACKEND") else { return nil }
            guard let option = BackendOption(argument: text) else {
                throw ValidationError(
                    "The environment's VANILLA_BACKEND is \"\(text)\", but must be auto, io_uring, epoll or kqueue."
                )
            }
            return option.backend
        }
    }
}
