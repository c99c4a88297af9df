// SPDX-License-Identifier: MIT

import CLibrary
import Foundation
import VanillaTestSupport

/// Accepts connections, and says nothing: on a unix socket in a directory of its own, or on a port
/// of 127.0.0.2.
final class SilentServer {
    let directory = NSTemporaryDirectory() + "/vs" + UUID().uuidString.prefix(8)
    static let address = "127.0.0.2"
    private let listener: Int32

    init(port: Int? = nil) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        listener = socket(port == nil ? AF_UNIX : AF_INET, streamSocket, 0)
        // That the kernel accepts is all that it takes.
        guard (port.map(bind) ?? bindToFile()) == 0, listen(listener, 128) == 0 else {
            throw POSIXError(POSIXError.Code(rawValue: errno) ?? .EIO)
        }
    }

    func stop() {
        close(listener)
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func bindToFile() -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array((directory + "/.s.PGSQL.5432").utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        return bind(&address)
    }

    private func bind(to port: Int) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(Self.address)
        address.sin_port = in_port_t(port).bigEndian
        return bind(&address)
    }

    private func bind<Address>(_ address: inout Address) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                CLibrary.bind(listener, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
