// SPDX-License-Identifier: MIT
// Whose process a client of a unix domain socket is.

import CLibrary
import Testing
import Vanilla
import VanillaTestSupport

@Suite struct PeerCredentialsTests {
    private func serve(_ configuration: Server.Configuration) throws -> Server {
        let server = try Server(configuration: configuration) { request, response in
            let found = request.peerCredentials
            response.send(
                found.map { "\($0.user) \($0.group) \($0.process ?? 0)" } ?? "unknown")
        }
        try server.start()
        return server
    }

    private func expect(_ text: String, from client: RawClient) throws {
        try client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(client.wait(for: "\r\n\r\n\(text)"))
        client.leave()
    }

    @Test(arguments: backends)
    func areThoseOfAClientOnAUnixSocket(backend: Server.Backend) throws {
        let path = "/tmp/vanilla-credentials-\(getpid())-\(backend)"
        var configuration = local(backend)
        configuration.address = .unixSocket(path: path)
        let server = try serve(configuration)
        try expect("\(geteuid()) \(getegid()) \(getpid())", from: RawClient(path: path))
        server.stop(within: .zero)
        server.wait()
    }

    @Test(arguments: backends)
    func areUnknownOverTCP(backend: Server.Backend) throws {
        let server = try serve(local(backend))
        try expect("unknown", from: RawClient(port: server.port))
        server.stop(within: .zero)
        server.wait()
    }
}
