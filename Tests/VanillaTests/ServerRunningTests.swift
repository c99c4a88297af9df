// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

@Suite struct ServerRunningTests {
    private func makeServer(_ configuration: Server.Configuration) throws -> Server {
        try Server(configuration: configuration) { _, response in response.send("fine") }
    }

    @Test(arguments: backends)
    func tellsWhatItRunsOn(backend: Server.Backend) throws {
        var configuration = local(backend)
        configuration.workers = 2
        let server = try makeServer(configuration)
        try server.start()
        #expect(server.port > 0 && server.backend == backend && server.workerCount == 2)
        server.stop(within: .zero)
        server.wait()
    }

    @Test(arguments: backends)
    func startsAndStopsManyTimes(backend: Server.Backend) throws {
        let server = try makeServer(local(backend))
        for _ in 0..<50 {
            try server.start()
            #expect(try connects(to: server.port))
            server.stop(within: .zero)
            server.wait()
        }
    }

    @Test(arguments: backends)
    func doesNotAcceptAfterItsEnd(backend: Server.Backend) throws {
        let server = try makeServer(local(backend))
        try server.start()
        let port = server.port
        #expect(try connects(to: port))
        server.stop()
        server.wait()
        #expect(try !connects(to: port))
    }

    @Test(arguments: backends)
    func runReturnsOnceItIsStopped(backend: Server.Backend) throws {
        let server = try makeServer(local(backend))
        let ends = Recorder<Bool>()
        try server.start()
        onAnotherThread {
            ends.record((try? server.run()) != nil)
        }
        #expect(try connects(to: server.port))
        server.stop(within: .seconds(1))
        #expect(ends.wait(for: 1) && ends.values == [true])
    }

    @Test(arguments: backends)
    func runsOnTheThreadThatCalls(backend: Server.Backend) throws {
        var configuration = local(backend)
        configuration.usesCallingThread = true
        let threads = Recorder<Int>()
        let server = try Server(configuration: configuration) { request, response in
            threads.record(threadNumber())
            try response.run(for: request) { _, response in
                try await Worker.current!.sleep(for: .milliseconds(1))
                threads.record(threadNumber())
                response.send("here")
            }
        }
        for run in 1...2 {
            let (listening, ends) = (Recorder<Bool>(), Recorder<Bool>())
            onAnotherThread {
                threads.record(threadNumber())
                ends.record((try? server.run { listening.record(true) }) != nil)
            }
            #expect(listening.wait(for: 1))
            #expect(try exchange(get("/"), port: server.port).text == "here")
            server.stop(within: .seconds(1))
            #expect(ends.wait(for: 1) && ends.values == [true])
            #expect(threads.values.count == 3 * run)
            #expect(Set(threads.values.suffix(3)).count == 1)
        }
    }

    @Test(arguments: backends)
    func mayBeStoppedByItsHandler(backend: Server.Backend) throws {
        let stoppers = Recorder<Server>()
        let server = try Server(configuration: local(backend)) { _, response in
            response.send("last")
            stoppers.values[0].stop(within: .seconds(5))
        }
        stoppers.record(server)
        defer { stoppers.clear() }
        try server.start()
        #expect(try exchange(get("/"), port: server.port).text == "last")
        server.wait()
    }

    @Test func refusesToStartTwice() throws {
        let server = try makeServer(local())
        try server.start()
        #expect(kind { () throws(ServerError) in try server.start() } == .invalidState)
        server.stop(within: .zero)
        server.wait()
    }

    @Test(arguments: backends)
    func saysThatThePortIsInUse(backend: Server.Backend) throws {
        // A connection of another test may get the port once it is free.
        for attempt in 1...10 {
            let first = try makeServer(local(backend))
            try first.start()
            var configuration = local(backend)
            configuration.address = .host("127.0.0.1", port: first.port)
            configuration.bindRetry = .zero
            let second = try makeServer(configuration)
            #expect(kind { () throws(ServerError) in try second.start() } == .addressInUse)
            #expect(kind { () throws(ServerError) in try second.run() } == .addressInUse)
            first.stop(within: .zero)
            first.wait()
            let problem = kind { () throws(ServerError) in try second.start() }
            if problem == .addressInUse && attempt < 10 { continue }
            #expect(problem == nil)
            second.stop(within: .zero)
            second.wait()
            break
        }
    }

    @Test func saysThatAnAddressIsNotOfThisMachine() throws {
        var configuration = local()
        configuration.address = .host("192.0.2.1", port: 0)
        let server = try makeServer(configuration)
        #expect(kind { () throws(ServerError) in try server.start() } == .addressUnavailable)
    }

    @Test func leavesAFileAloneThatIsNoSocket() throws {
        let path = temporaryPath()
        try "text".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = local()
        configuration.address = .unixSocket(path: path)
        let server = try makeServer(configuration)
        #expect(kind { () throws(ServerError) in try server.start() } == .addressInUse)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "text")
    }

    @Test(arguments: backends)
    func listensOnAUnixSocket(backend: Server.Backend) throws {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = local(backend)
        configuration.address = .unixSocket(path: path, permissions: 0o640)
        let server = try makeServer(configuration)
        try server.start()
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        #expect(server.port == 0)
        server.stop(within: .zero)
        server.wait()
        #expect(
            try server.answers([get("/")])[0].text == "fine",
            "server.test runs on the loopback interface")
    }

    @Test(arguments: backends)
    func stopsWhenItIsReleased(backend: Server.Backend) throws {
        let ends = Recorder<Int>()
        do {
            let server = try Server(
                configuration: local(backend),
                makeHandler: { _ in
                    let witness = Witness(ends)
                    return { _, response in withExtendedLifetime(witness) { response.send("") } }
                })
            try server.start()
        }
        #expect(ends.wait(for: 1))
    }

    private func kind(_ body: () throws(ServerError) -> Void) -> ServerError.Kind? {
        do throws(ServerError) {
            try body()
            return nil
        } catch {
            return error.kind
        }
    }

    private func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent(
            "vanilla-\(UUID().uuidString)"
        ).path
    }
}
