// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTLS
import VanillaTestSupport
import VanillaTesting

/// What a client that does not go on costs.
@Suite struct TLSBoundsTests {
    private func serving(
        _ tls: TLSConfiguration, _ backend: Server.Backend?, _ body: (Server, Int) throws -> Void
    ) throws {
        var configuration = local(backend)
        configuration.listeners = [Server.Listener(.host("127.0.0.1", port: 0), tls: tls)]
        let server = try Server(configuration: configuration) { _, response in response.send("") }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        try body(server, server.addresses[0].port!)
    }

    /// The record of a hello that goes on, and does not.
    private static let begun: [UInt8] = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]

    @Test(arguments: backends)
    func endsAHandshakeThatIsLate(backend: Server.Backend?) throws {
        var tls = TLSConfiguration.selfSigned
        tls.handshakeDeadline = .milliseconds(50)
        try serving(tls, backend) { server, port in
            for bytes in [[], Self.begun] {
                let client = try BlockingClient(port: port, deadline: .seconds(60))
                #expect(throws: TestError.self) { try client.exchange(bytes) }
            }
            try waitHere { server.statistics.connectionsOpen == 0 }
            #expect(server.tlsStatistics[0]?.lateHandshakes == 2)
            #expect(server.tlsStatistics[0]?.failedHandshakes == 2)
        }
    }

    @Test(arguments: backends)
    func givesUpTheOldestHandshakeBeyondTheBound(backend: Server.Backend?) throws {
        var tls = TLSConfiguration.selfSigned
        tls.maximumHandshakes = 1
        try serving(tls, backend) { server, port in
            let first = try BlockingClient(port: port, deadline: .seconds(60))
            let second = try BlockingClient(port: port, deadline: .seconds(60))
            #expect(throws: TestError.self) { try first.exchange(Self.begun) }
            try waitHere { server.tlsStatistics[0]?.displacedHandshakes == 1 }
            // The one that came last has its place.
            let told = Answer(try second.exchange(Array("GET / HTTP/1.1\r\n\r\n".utf8)))
            #expect(told.status == 400)
        }
    }
}
