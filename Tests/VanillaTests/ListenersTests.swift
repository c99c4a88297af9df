// SPDX-License-Identifier: MIT

import Foundation
import Testing
import VanillaTestSupport

@testable import Vanilla

/// One server that listens at several places.
@Suite struct ListenersTests {
    private static let loopback = Server.Listener(.host("127.0.0.1", port: 0))

    @Test(arguments: backends)
    func servesAtEachPlaceAndCountsEach(backend: Server.Backend) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("vanilla-\(UUID().uuidString)").path
        var configuration = local(backend)
        configuration.workers = 2
        configuration.listeners = [
            Self.loopback, Server.Listener(.unixSocket(path: path)), Self.loopback,
        ]
        let server = try Server(configuration: configuration) { _, response in
            response.send("fine")
        }
        try server.start()

        let places = server.addresses
        try #require(places.count == 3)
        let ports = [try #require(places[0].port), try #require(places[2].port)]
        #expect(ports[0] > 0 && ports[1] > 0 && ports[0] != ports[1])
        #expect(places[0] == .host("127.0.0.1", port: ports[0]) && server.port == ports[0])
        #expect(places[1] == .unixSocket(path: path))
        #expect(FileManager.default.fileExists(atPath: path))
        for (port, count) in [(ports[0], 1), (ports[1], 2)] {
            for _ in 0..<count {
                #expect(try exchange(get("/"), port: port).text == "fine")
            }
        }
        server.stop(within: .seconds(5))
        server.wait()
        #expect(!FileManager.default.fileExists(atPath: path))

        let counted = server.statistics
        let listeners = counted.listeners
        try #require(listeners.count == 3)
        #expect(listeners.map(\.connectionsAccepted) == [1, 0, 2])
        #expect(listeners.map(\.requests) == [1, 0, 2])
        #expect(listeners.allSatisfy { $0.connectionsOpen == 0 && $0.connectionsRefused == 0 })
        #expect(listeners[1] == Server.Statistics.Listener())
        #expect(listeners[2].bytesReceived == 2 * listeners[0].bytesReceived)
        #expect(listeners[2].bytesSent == 2 * listeners[0].bytesSent)
        #expect(listeners[0].bytesReceived > 0 && listeners[0].bytesSent > 0)
        #expect(counted.connectionsAccepted == 3 && counted.requests == 3)
        #expect(counted.bytesReceived == listeners.map(\.bytesReceived).reduce(0, +))
        #expect(counted.bytesSent == listeners.map(\.bytesSent).reduce(0, +))
    }

    @Test(arguments: backends)
    func leavesNoPlaceBoundWhenOneIsInUse(backend: Server.Backend) throws {
        let other = try Server(configuration: local(backend)) { _, response in response.send("") }
        try other.start()
        var configuration = local(backend)
        configuration.bindRetry = .zero
        configuration.listeners = [
            Self.loopback, Server.Listener(.host("127.0.0.1", port: other.port)),
        ]
        let server = try Server(configuration: configuration) { _, response in response.send("") }
        let error = #expect(throws: ServerError.self) { try server.start() }
        #expect(error?.kind == .addressInUse)
        other.stop(within: .zero)
        other.wait()
        try server.start()
        #expect(server.addresses.count == 2)
        server.stop(within: .zero)
        server.wait()
    }

    @Test(arguments: backends)
    func listensAtTheAddressOfAName(backend: Server.Backend) throws {
        var configuration = local(backend)
        configuration.workers = 2
        configuration.listeners = [Server.Listener(.host("localhost", port: 0))]
        let server = try Server(configuration: configuration) { _, response in
            response.send("fine")
        }
        try server.start()
        defer {
            server.stop(within: .seconds(5))
            server.wait()
        }
        #expect(server.addresses == [.host("localhost", port: server.port)])
        #expect(try exchange(get("/"), port: server.port).text == "fine")
    }

    /// A label has 63 bytes: nobody is asked for a longer one.
    @Test func saysWhichNameHasNoAddress() throws {
        let name = String(repeating: "a", count: 64) + ".example"
        var configuration = local()
        configuration.listeners.append(Server.Listener(.host(name, port: 0)))
        let server = try Server(configuration: configuration) { _, response in response.send("") }
        #expect(server.answer(get("/")).status == 200)
        let error = #expect(throws: ServerError.self) { try server.start() }
        #expect(error?.kind == .invalidAddress && error?.code != 0)
        #expect(error?.message.hasPrefix("the address of \"\(name)\" was not found: ") == true)
    }

    @Test func hasOneToSixteen() throws {
        for (count, isPossible) in [(0, false), (1, true), (16, true), (17, false)] {
            let configuration = Server.Configuration(
                listeners: Array(repeating: Self.loopback, count: count))
            do {
                _ = try Server(configuration: configuration) { _, _ in }
                #expect(isPossible, "\(count)")
            } catch {
                #expect(!isPossible && error.kind == .invalidConfiguration, "\(count)")
                #expect(error.message.contains("listeners"), "\(error.message)")
            }
        }
    }

    @Test func keepsTheOthersWhenTheFirstMoves() {
        var configuration = Server.Configuration()
        configuration.listeners.append(Self.loopback)
        configuration.address = .any(port: 1)
        #expect(configuration.listeners == [Server.Listener(.any(port: 1)), Self.loopback])
        configuration.listeners = []
        configuration.address = .any(port: 2)
        #expect(configuration.listeners == [Server.Listener(.any(port: 2))])
    }
}
