// SPDX-License-Identifier: MIT

import CLibrary
import VanillaTestSupport

/// A client that says exactly what it is told, and goes away as it is told.
final class RawClient {
    private var socket: Int32
    private(set) var received: [UInt8] = []

    init(port: Int) throws {
        socket = CLibrary.socket(AF_INET, streamSocket, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard socket >= 0, connected == 0 else { throw Failure(code: errno) }
    }

    /// Of a unix domain socket.
    init(path: String) throws {
        socket = CLibrary.socket(AF_UNIX, streamSocket, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(socket, address, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard socket >= 0, connected == 0 else { throw Failure(code: errno) }
    }

    deinit { leave() }

    struct Failure: Error {
        let code: Int32
    }

    func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) throws {
        guard CLibrary.send(socket, bytes, bytes.count, noSignal) == bytes.count else {
            throw Failure(code: errno)
        }
    }

    /// Closes its end: a FIN.
    func leave() {
        if socket >= 0 { close(socket) }
        socket = -1
    }

    /// Breaks off: a RST.
    func reset() {
        var at = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &at, socklen_t(MemoryLayout<linger>.size))
        leave()
    }

    /// Says that it will not ask any more, and goes on reading.
    func finish() {
        shutdown(socket, Int32(SHUT_WR))
    }

    /// Reads until `text` has come; false where the connection ended, or 20 s passed, before.
    func wait(for text: String, times: Int = 1) -> Bool {
        let wanted = Array(text.utf8)
        return wait { received in
            received.indices.count { received[$0...].starts(with: wanted) } >= times
        }
    }

    /// Reads until the server has ended the connection.
    func waitForEnd() -> Bool {
        !wait { _ in false } && hasEnded
    }

    private var hasEnded = false

    private func wait(until condition: ([UInt8]) -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !condition(received) {
            var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, 100)
            if ContinuousClock.now > end { return false }
            if entry.revents == 0 { continue }
            let count = recv(socket, &buffer, buffer.count, 0)
            if count <= 0 {
                hasEnded = true
                return condition(received)
            }
            received += buffer[..<count]
        }
        return true
    }

    var text: String { String(decoding: received, as: UTF8.self) }
}
