// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct ConfigurationTests {
    typealias Change = @Sendable (inout Server.Configuration) -> Void

    private func failure(_ configuration: Server.Configuration) -> ServerError? {
        do throws(ServerError) {
            _ = try Server(configuration: configuration) { _, response in response.send("") }
            return nil
        } catch {
            return error
        }
    }

    @Test func hasDefaultsThatTheCoreTakes() {
        #expect(failure(Server.Configuration()) == nil)
        #expect(Server.Configuration().address == .any(port: 3000))
    }

    /// Defaults are C's; what it writes as a number of its own choice is `nil` here.
    @Test func readsItsDefaultsFromC() {
        let configuration = Server.Configuration()
        #expect(configuration.limits.body == 8 << 20 && configuration.limits.fieldCount == 128)
        #expect(configuration.limits.streamedBody == nil && configuration.limits.connections == nil)
        #expect(configuration.deadlines.head == .seconds(10))
        #expect(configuration.deadlines.halfClose == .milliseconds(500))
        #expect(configuration.deadlines.bodyRate == 1024 && configuration.drain == .seconds(30))
        #expect(configuration.backlog == 4096 && configuration.keepAlive == .rfc)
        let events = EventHub.Options()
        #expect(events.topics == 65_536 && events.topic.historyAge == .seconds(300))
        #expect(events.stream.retry == .seconds(1)...Duration.seconds(5))
        #expect(events.stream.shutdownSpread == .seconds(2))
    }

    private static let impossible: [(String, Change)] = [
        ("port", { $0.address = .any(port: 70000) }),
        ("port", { $0.address = .any(port: -1) }),
        ("port", { $0.address = .host("::1", port: 65536) }),
        ("permissions", { $0.address = .unixSocket(path: "/tmp/a", permissions: 0o1000) }),
        ("permissions", { $0.address = .unixSocket(path: "/tmp/a", permissions: -1) }),
        ("workers", { $0.workers = 0 }),
        ("workers", { $0.workers = -1 }),
        ("workers", { $0.workers = 1025 }),
        ("workers", { $0.workers = .max }),
        ("backlog", { $0.backlog = 0 }),
        ("backlog", { $0.backlog = 65536 }),
        ("limits.requestLine", { $0.limits.requestLine = 0 }),
        ("limits.requestLine", { $0.limits.requestLine = .max }),
        ("limits.field", { $0.limits.field = -1 }),
        ("limits.fields", { $0.limits.fields = 0 }),
        ("limits.fieldCount", { $0.limits.fieldCount = 0 }),
        ("limits.fieldCount", { $0.limits.fieldCount = 257 }),
        ("limits.body", { $0.limits.body = -1 }),
        ("limits.streamedBody", { $0.limits.streamedBody = -1 }),
        ("limits.chunkLine", { $0.limits.chunkLine = 0 }),
        ("limits.trailers", { $0.limits.trailers = -1 }),
        ("limits.requests", { $0.limits.requestsPerConnection = 0 }),
        ("limits.connections", { $0.limits.connections = 0 }),
        ("limits.output", { $0.limits.output = 0 }),
        ("limits.unread", { $0.limits.unread = 0 }),
        ("limits.unread", { $0.limits.unread = -1 }),
        ("limits.discard", { $0.limits.discard = -1 }),
        ("deadlines.head", { $0.deadlines.head = .zero }),
        ("deadlines.bodyGrace", { $0.deadlines.bodyGrace = .seconds(-1) }),
        ("deadlines.bodyRate", { $0.deadlines.bodyRate = 0 }),
        ("deadlines.idle", { $0.deadlines.idle = .seconds(1 << 40) }),
        ("deadlines.writeStall", { $0.deadlines.writeStall = .zero }),
        ("deadlines.writeRate", { $0.deadlines.writeRate = 0 }),
        ("deadlines.handler", { $0.deadlines.handler = .seconds(Int64.max) }),
        ("deadlines.linger", { $0.deadlines.linger = .seconds(Int64.min) }),
        ("deadlines.lingerTotal", { $0.deadlines.lingerTotal = .zero }),
    ]

    @Test(arguments: ConfigurationTests.impossible)
    func refusesImpossibleValuesByName(name: String, change: Change) {
        var configuration = Server.Configuration()
        change(&configuration)
        let error = failure(configuration)
        #expect(error?.kind == .invalidConfiguration, "\(name)")
        #expect(error?.message.contains(name) == true, "\(error?.message ?? "taken")")
    }

    private static let possible: [Change] = [
        { $0.address = .host("::1", port: 65535) },
        { $0.address = .host("[::1]", port: 0) },
        { $0.workers = 1 },
        { $0.limits.body = 0 },
        { $0.limits.streamedBody = .max },
        { $0.limits.fieldCount = 256 },
        { $0.limits.unread = 1 },
        { $0.limits.unread = .max },
        { $0.limits.discard = 0 },
        { $0.deadlines = .init() },
        {
            $0.deadlines.head = nil
            $0.deadlines.idle = .nanoseconds(1)
            $0.deadlines.bodyRate = nil
        },
        { $0.drain = .seconds(-1) },
        { $0.drain = .seconds(Int64.max) },
    ]

    @Test(arguments: ConfigurationTests.possible)
    func takesPossibleValues(change: Change) {
        var configuration = Server.Configuration()
        change(&configuration)
        #expect(failure(configuration) == nil)
    }

    @Test(
        arguments: [
            .host("local host", port: 0), .host("", port: 0), .host("1.2.3", port: 0),
            .host("1.2.3.4:5", port: 0), .host("localhost:80", port: 0),
            .host("256.1.1.1", port: 0), .host("a.0x7f", port: 0), .host("a..b", port: 0),
            .host(".", port: 0), .host("-\u{E4}", port: 0),
            .host(String(repeating: "a.", count: 128), port: 0),
            .host("::1\0", port: 0), .host("gg::", port: 0), .unixSocket(path: ""),
            .unixSocket(path: "a\0b"),
            .unixSocket(path: String(repeating: "p", count: 200)),
        ] as [Server.Configuration.Address])
    func refusesWhatIsNoAddress(address: Server.Configuration.Address) {
        #expect(failure(Server.Configuration(address: address))?.kind == .invalidAddress)
    }

    @Test func isAppliedToTheServer() throws {
        var configuration = local()
        configuration.limits.body = 4
        configuration.limits.fieldCount = 2
        configuration.keepAlive = .never
        let server = try Server(configuration: configuration) { _, response in response.send("fine")
        }
        #expect(server.answer(post("/", "four")).status == 200)
        #expect(server.answer(post("/", "fiver")).status == 413)
        #expect(server.answer(get("/", fields: "A: 1", "B: 2")).status == 431)
        #expect(server.answer(get("/"))["Connection"] == "close")
    }
}
