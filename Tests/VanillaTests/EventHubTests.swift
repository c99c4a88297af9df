// SPDX-License-Identifier: MIT

import CLibrary
import Testing
import Vanilla
import VanillaTestSupport

@Suite struct EventHubTests {
    private func kind(_ body: () throws -> Void) -> EventError.Kind? {
        do { try body() } catch let error as EventError { return error.kind } catch {}
        return nil
    }

    private func text(_ count: Int) -> String { String(repeating: "n", count: count) }

    @Test func refusesNamesIDsAndKeysOfMoreThan255Bytes() throws {
        let hub = try EventHub()
        try hub.publish("x", to: text(255))
        #expect(kind { try hub.publish("x", to: text(256)) } == .invalidTopic)
        try hub.publish(ServerSentEvent("x", id: text(255)), to: "a", key: text(255))
        #expect(kind { try hub.publish(ServerSentEvent(id: text(256)), to: "a") } == .invalidEvent)
        #expect(kind { try hub.publish("x", to: "a", key: text(256)) } == .invalidEvent)
        #expect(kind { try hub.publish(ServerSentEvent(id: "a\n"), to: "a") } == .invalidEvent)
        #expect(kind { try hub.declare(text(256), .init()) } == .invalidTopic)
        try hub.declare(text(254), .init())
        #expect(hub.statistics.published == 2 && hub.statistics.topics == 3)
    }

    @Test func refusesAnEventOfMoreThan16MiB() throws {
        let hub = try EventHub()
        let frame = "data: \n".utf8.count
        try hub.publish(ServerSentEvent(text((16 << 20) - frame)), to: "a")
        #expect(
            kind { try hub.publish(ServerSentEvent(text((16 << 20) - frame + 1)), to: "a") }
                == .eventTooLarge)
    }

    @Test func refusesMoreTopicsThanItMayHave() throws {
        var options = EventHub.Options()
        options.topics = 2
        let hub = try EventHub(options)
        let answers = Recorder<EventError.Kind?>()
        let server = try offline { request, response in
            do {
                try response.subscribe(to: String(request.path), in: hub, for: request)
            } catch { answers.record((error as? EventError)?.kind) }
        }
        try hub.publish("x", to: "a")
        try hub.declare("b", .init())
        #expect(kind { try hub.publish("x", to: "c") } == .tooManyTopics)
        #expect(kind { try hub.declare("c", .init()) } == .tooManyTopics)
        #expect(kind { try hub.declare("a", .init()) } == .invalidTopic)
        #expect(kind { try hub.declare("b", .init()) } == .invalidTopic)
        _ = server.answer(get("/c"))
        _ = server.answer(get("/" + text(255)))
        #expect(answers.values == [.tooManyTopics, .invalidTopic])
    }

    @Test func refusesImpossibleOptions() {
        let changes: [(inout EventHub.Options) -> Void] = [
            { $0.topics = 0 }, { $0.topics = -1 }, { $0.topic.historyEvents = -1 },
            { $0.topic.historyBytes = -1 }, { $0.topic.historyAge = .zero },
            { $0.topic.backlogBytes = $0.topic.historyBytes - 1 },
            {
                $0.topic.historyBytes = 0
                $0.topic.backlogBytes = 0
            }, { $0.topic.backlogAge = .seconds(-1) }, { $0.stream.heartbeat = .zero },
        ]
        for change in changes {
            var options = EventHub.Options()
            change(&options)
            #expect(kind { _ = try EventHub(options) } == .invalidConfiguration)
        }
    }

    @Test func answersHeadWithTheHeadAlone() throws {
        var options = EventHub.Options()
        options.stream.allowedOrigin = "*"
        let hub = try EventHub(options)
        let server = try offline { request, response in
            try response.subscribe(to: "a", in: hub, for: request)
        }
        let answer = server.answer(get("/", method: "HEAD"))
        #expect(answer.status == 200 && answer.body.isEmpty)
        #expect(answer["Content-Type"] == "text/event-stream")
        #expect(answer["Access-Control-Allow-Origin"] == "*")
        #expect(hub.statistics.subscribers == 0)
    }

    @Test func answersOnce() throws {
        let hub = try EventHub()
        let kinds = Recorder<ResponseError.Kind?>()
        let server = try offline { request, response in
            response.send("first")
            do {
                try response.subscribe(to: "a", in: hub, for: request)
            } catch {
                kinds.record((error as? ResponseError)?.kind)
            }
        }
        #expect(server.answer(get("/")).text == "first")
        #expect(kinds.values == [.alreadyAnswered])
    }

    @Test(arguments: [
        ("/", "", nil), ("/", "Last-Event-ID: \r\n", nil), ("/", "Last-Event-ID: a b\r\n", "a b"),
        ("/?lastEventId=c%20d", "", "c d"), ("/?lastEventId=", "", nil),
        ("/?lastEventId=query", "Last-Event-ID: field\r\n", "field"),
        ("/?lastEventId=query", "last-event-id:\r\n", "query"),
        ("/", "Last-Event-ID: ü\r\n", "ü"),
    ])
    func readsTheLastIDOfAClient(target: String, fields: String, expected: String?) throws {
        let server = try offline { request, response in
            response.send(request.lastEventID.map { "id \($0)" } ?? "none")
        }
        let answer = server.answer("GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        #expect(answer.text == expected.map { "id \($0)" } ?? "none")
    }

    @Test func bringsWhatWasMissed() throws {
        var options = EventHub.Options()
        options.topic.historyEvents = 2
        let hub = try EventHub(options)
        let server = try offline { request, response in
            try response.subscribe(to: "a", in: hub, for: request)
        }
        for number in 1...4 {
            try hub.publish(ServerSentEvent("\(number)", id: "e\(number)"), to: "a")
        }
        func data(_ fields: String...) -> [String] {
            var parser = EventParser()
            let lines = fields.map { $0 + "\r\n" }.joined()
            parser.feed(server.answer("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n").joinedPieces)
            return parser.events.map { $0.type == "gap" ? "gap" : "\($0.lastID)=\($0.data)" }
        }
        #expect(data() == [])
        #expect(data("Last-Event-ID: e4") == [])
        #expect(data("Last-Event-ID: e3") == ["e4=4"])
        #expect(data("Last-Event-ID: e1") == ["gap", "e3=3", "e4=4"])
        #expect(data("Last-Event-ID: of another life") == ["gap", "e3=3", "e4=4"])
        #expect(hub.statistics.gaps == 2 && hub.statistics.replayed == 5)
    }
}

extension Answer {
    /// The data of the chunks of a stream that has no last one.
    fileprivate var joinedPieces: [UInt8] {
        Answer(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body + Array("0\r\n\r\n".utf8)).joinedChunks
    }
}

/// Over sockets, with publishers on threads of their own.
@Suite(.serialized) struct EventHubSocketTests {
    private func serve(
        _ backend: Server.Backend, hub: EventHub, workers: Int = 2, _ body: (Server) throws -> Void
    ) throws {
        var configuration = local(backend)
        configuration.workers = workers
        let server = try Server(configuration: configuration) { request, response in
            let topic = String(request.path.dropFirst(1))
            guard request.method == .post else {
                return try response.subscribe(to: topic, in: hub, for: request)
            }
            try hub.publish(ServerSentEvent(String(request.body)), to: topic)
            response.send("")
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        try body(server)
    }

    private func subscribe(_ port: Int, _ topic: String, lastID: String? = nil) throws
        -> EventClient
    {
        try EventClient(
            port: port, target: "/" + topic,
            fields: lastID.map { "Last-Event-ID: \($0)\r\n" } ?? "")
    }

    @Test(arguments: backends)
    func bringsWhatIsPosted(backend: Server.Backend) throws {
        let hub = try EventHub()
        try serve(backend, hub: hub) { server in
            let clients = try ["a", "a", "b"].map { topic in try subscribe(server.port, topic) }
            for client in clients { #expect(client.wait { !$0.parser.lastID.isEmpty }) }
            #expect(try exchange(post("/a", "one\ntwo"), port: server.port).status == 200)
            #expect(try exchange(post("/b", "three"), port: server.port).status == 200)
            #expect(try exchange(post("/nobody", "four"), port: server.port).status == 200)
            for client in clients { #expect(client.wait { $0.events.count == 1 }) }
            #expect(clients.map(\.data) == [["one\ntwo"], ["one\ntwo"], ["three"]])
            // A delivery is counted once its bytes have left.
            try waitHere { hub.statistics.delivered == 3 }
            let counted = hub.statistics
            #expect(counted.published == 3 && counted.delivered == 3 && counted.subscribers == 3)
            #expect(counted.topics == 3 && counted.dropped == 0 && counted.disconnected == 0)
            #expect(counted.maximumLag >= counted.latestLag)
        }
        #expect(hub.statistics.subscribers == 0)
    }

    @Test(arguments: backends)
    func answersLater(backend: Server.Backend) throws {
        let hub = try EventHub()
        let server = try Server(configuration: local(backend)) { request, response in
            let exchange = response.sendLater()
            let lastID = request.lastEventID
            onAnotherThread {
                exchange.finish { response in
                    try response.subscribe(to: "a", in: hub, lastEventID: lastID)
                }
            }
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        try hub.publish(ServerSentEvent("1", id: "1"), to: "a")
        try hub.publish(ServerSentEvent("2", id: "2"), to: "a")
        let client = try subscribe(server.port, "a", lastID: "1")
        #expect(client.wait { $0.data == ["2"] })
    }

    @Test(arguments: backends)
    func saysWhenToComeBackAsTheServerStops(backend: Server.Backend) throws {
        let hub = try EventHub()
        try serve(backend, hub: hub) { server in
            let clients = try (0..<20).map { _ in try subscribe(server.port, "a") }
            for client in clients { #expect(client.wait { !$0.parser.lastID.isEmpty }) }
            try hub.publish("last words", to: "a")
            server.stop(within: .seconds(20))
            for client in clients {
                #expect(client.wait { $0.isComplete })
                #expect(client.data == ["last words"])
                #expect(client.parser.retry.map { 1000...5000 ~= $0 } == true)
            }
            server.wait()
        }
    }

    @Test(arguments: backends, [EventHub.SlowPolicy.disconnect, .dropOldest, .keepNewest])
    func aStoppedReaderDelaysNobody(backend: Server.Backend, policy: EventHub.SlowPolicy) throws {
        let hub = try EventHub()
        var options = EventHub.TopicOptions()
        options.historyBytes = 64 << 10
        options.backlogBytes = 64 << 10
        options.slowPolicy = policy
        try hub.declare("a", options)
        try serve(backend, hub: hub, workers: 1) { server in
            let stopped = try EventClient(port: server.port, target: "/a", receiveBuffer: 4096)
            let reader = try subscribe(server.port, "a")
            for client in [stopped, reader] { #expect(client.wait { !$0.parser.lastID.isEmpty }) }

            // Each event is there before the next, however much waits for the other.
            let filler = String(repeating: "x", count: 4000)
            var count = 0
            func publish() throws {
                try hub.publish(ServerSentEvent("\(count) " + filler), to: "a", key: "\(count % 3)")
                count += 1
                #expect(reader.wait { $0.events.count == count })
            }
            func isOver() -> Bool {
                let counted = hub.statistics
                return policy == .disconnect ? counted.disconnected > 0 : counted.dropped > 20
            }
            while !isOver(), count < 5000 { try publish() }
            #expect(isOver() && count < 5000)
            #expect(reader.data.map { $0.prefix { $0 != " " } } == (0..<count).map { "\($0)" })

            // What the stopped one has is whole and in order; it ends with the end, or was cut.
            let ended = stopped.wait {
                $0.hasEnded || $0.data.last?.hasPrefix("\(count - 1) ") == true
            }
            let numbers = stopped.data.compactMap { Int($0.prefix { $0 != " " }) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            #expect(numbers.count < count)
            if policy == .disconnect {
                #expect(stopped.hasEnded && !stopped.isComplete)
                try waitHere { hub.statistics.disconnected == 1 }
                // It comes back for what it missed, where that is left.
                let back = try subscribe(server.port, "a", lastID: stopped.parser.lastID)
                #expect(back.wait { $0.data.last?.hasPrefix("\(count - 1) ") == true })
            } else {
                #expect(ended && hub.statistics.disconnected == 0)
            }
        }
    }

    /// Subscribers come and go while numbered events are published in several topics at once:
    /// nobody misses one, gets one twice, out of order, or of another topic.
    @Test(arguments: backends)
    func losesNothingWhileSubscribersComeAndGo(backend: Server.Backend) throws {
        let topics = 4
        let published = 60
        let hub = try EventHub()
        let count = isSanitized ? 100 : min(1000, freeDescriptors / 2)
        try serve(backend, hub: hub) { server in
            var subscribers: [Subscriber] = []
            for number in 0..<count {
                let topic = "t\(number % topics)"
                subscribers.append(
                    Subscriber(topic: topic, client: try subscribe(server.port, topic)))
            }
            for subscriber in subscribers {
                #expect(
                    subscriber.client.wait(deadline: .seconds(60)) { !$0.parser.lastID.isEmpty })
            }
            // An event in each topic for each turn of the loop below.
            let turns = Recorder<Int>()
            for topic in 0..<topics {
                onAnotherThread {
                    for number in 0..<published where turns.wait(for: number, deadline: 90) {
                        try? hub.publish("t\(topic) \(number)", to: "t\(topic)")
                    }
                }
            }

            var generator = SeededGenerator(seed: 7)
            let end = ContinuousClock.now + .seconds(90)
            var waiting = subscribers
            while !waiting.isEmpty, ContinuousClock.now < end {
                turns.record(1)
                EventClient.waitForInput(of: waiting.map(\.client))
                for subscriber in waiting { subscriber.client.receive() }
                waiting = waiting.filter { $0.count < published }
                for _ in 0..<8 {
                    guard let subscriber = waiting.randomElement(using: &generator) else { break }
                    let lastID = subscriber.leave()
                    subscriber.client = try subscribe(server.port, subscriber.topic, lastID: lastID)
                }
            }
            #expect(waiting.isEmpty)
            for subscriber in subscribers {
                #expect(
                    subscriber.data == (0..<published).map { "\(subscriber.topic) \($0)" })
            }
            #expect(hub.statistics.gaps == 0 && hub.statistics.disconnected == 0)
        }
        #expect(hub.statistics.subscribers == 0)
    }
}

/// A client that subscribes over several connections.
private final class Subscriber {
    let topic: String
    var client: EventClient
    /// What came over the connections before.
    private var earlier: [String] = []
    private var lastID = ""

    init(topic: String, client: EventClient) {
        self.topic = topic
        self.client = client
    }

    var count: Int { earlier.count + client.events.count }
    var data: [String] { earlier + client.data }

    /// Goes away, and returns the id of the last event that it has.
    func leave() -> String {
        client.leave()
        earlier += client.data
        if !client.parser.lastID.isEmpty { lastID = client.parser.lastID }
        return lastID
    }
}

/// How many more files this process may open, some being left for others.
private var freeDescriptors: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return max(100, Int(clamping: limit.rlim_cur) - 500)
}
