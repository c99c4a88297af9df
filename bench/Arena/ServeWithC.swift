// SPDX-License-Identifier: MIT

import CVanillaIO
import Vanilla
import VanillaArenaHandler
import VanillaExampleOptions

/// Serves with a C callback, as a C program would: Swift has no part in a request.
func serveWithC(_ options: ServerOptions) throws {
    let configuration = try options.configuration
    var config = vn_config()
    vn_config_init(&config)
    config.handlers.handle = arena_handle
    config.error_body = UInt8(VN_ERROR_BODY_EMPTY)
    config.workers = UInt32(configuration.workers ?? 0)
    config.uses_calling_thread = configuration.usesCallingThread
    config.backend =
        switch configuration.backend {
        case .ioUring: UInt8(VN_BACKEND_URING)
        case .epoll: UInt8(VN_BACKEND_EPOLL)
        case .kqueue: UInt8(VN_BACKEND_KQUEUE)
        default: UInt8(VN_BACKEND_AUTO)
        }
    config.keep_alive =
        switch configuration.keepAlive {
        case .always: UInt8(VN_KEEP_ALIVE_ALWAYS)
        case .never: UInt8(VN_KEEP_ALIVE_NEVER)
        default: UInt8(VN_KEEP_ALIVE_RFC)
        }

    let address = configuration.address
    if let (path, permissions) = address.unixSocket {
        config.listeners.0.unix_mode = UInt32(permissions)
        return try path.withCString { text in
            config.listeners.0.unix_path = text
            try serve(config, options)
        }
    }
    config.listeners.0.port = UInt16(address.port ?? 0)
    guard let host = address.host else { return try serve(config, options) }
    try host.withCString { text in
        config.listeners.0.host = text
        try serve(config, options)
    }
}

private func serve(_ config: vn_config, _ options: ServerOptions) throws {
    var error = vn_error()
    guard let server = withUnsafePointer(to: config, { config in vn_server_open(config, &error) })
    else {
        throw CoreFailure(error)
    }
    defer { vn_server_close(server) }

    var announcement = Announcement(server: server, options: options)
    let result = withUnsafeMutablePointer(to: &announcement) { announcement in
        vn_server_run(
            server, true,
            { context in context?.assumingMemoryBound(to: Announcement.self).pointee.make() },
            announcement, &error)
    }
    guard result == 0 else { throw CoreFailure(error) }
}

/// What is said once the server listens.
private struct Announcement {
    let server: OpaquePointer
    let options: ServerOptions

    /// The one address, with the port that a free one became.
    private var address: Server.Configuration.Address {
        let port = Int(vn_server_port(server, 0))
        guard let configured = try? options.configuration.address, configured.unixSocket == nil
        else { return (try? options.configuration.address) ?? .any(port: port) }
        return configured.host.map { .host($0, port: port) } ?? .any(port: port)
    }

    func make() {
        let backend: Server.Backend =
            switch Int(vn_server_backend(server)) {
            case VN_BACKEND_URING: .ioUring
            case VN_BACKEND_KQUEUE: .kqueue
            default: .epoll
            }
        options.announce(
            [address], backend: backend,
            workerCount: Int(vn_server_workers(server)))
    }
}

/// The core's own words.
private struct CoreFailure: Error, CustomStringConvertible {
    let description: String

    init(_ error: vn_error) {
        description = withUnsafeBytes(of: error.message) { text in
            String(decoding: text.prefix { byte in byte != 0 }, as: UTF8.self)
        }
    }
}
