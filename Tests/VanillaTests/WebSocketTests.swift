// SPDX-License-Identifier: MIT

import Testing
import VanillaTestSupport
import VanillaTesting

@testable import Vanilla

@Suite struct WebSocketTests {
    @Test(arguments: Lane.all)
    func echoesInATask(lane: Lane) async throws {
        let server = try lane.server { routes in
            routes.webSocket("/echo") { socket in
                for try await message in socket { try await socket.send(message) }
            }
        }
        try await server.test(lane.mode) { client in
            let socket = try await client.webSocket("/echo")
            socket.send("Grüße")
            #expect(try await socket.receive() == .text("Grüße"))
            socket.send([0, 255])
            #expect(try await socket.receive() == .binary([0, 255]))
            let long = String(repeating: "x", count: 100_000)
            socket.send(long)
            #expect(try await socket.receive() == .text(long))
            socket.send("last")
            socket.sendFrame(0x88, [0x03, 0xE8])
            #expect(try await socket.receive() == .text("last"))
            #expect(try await socket.receive() == nil)
            #expect(socket.closeCode == .normal)
        }
    }

    @Test(arguments: Lane.all)
    func echoesInCallbacks(lane: Lane) async throws {
        let closes = Recorder<String>()
        let server = try lane.server { routes in
            routes.webSocket(
                "/echo",
                callbacks: WebSocket.Callbacks(
                    onOpen: { socket in _ = try socket.trySend("open") },
                    onText: { socket, text in _ = try socket.trySend(text, as: .text) },
                    onBinary: { socket, bytes in _ = try socket.trySend(bytes, as: .binary) },
                    onClose: { _, code, reason in closes.record("\(code) \(reason)") }))
        }
        try await server.test(lane.mode) { client in
            let socket = try await client.webSocket("/echo")
            #expect(try await socket.receive() == .text("open"))
            socket.send("a")
            socket.send([1])
            #expect(try await socket.receive() == .text("a"))
            #expect(try await socket.receive() == .binary([1]))
            try await socket.close(WebSocket.CloseCode(4321), reason: "why")
            #expect(socket.closeCode?.code == 4321)
            try await waitUntil { closes.values == ["4321 why"] }
        }
    }

    /// The request is seen, passes the middleware, and can be refused in any way.
    @Test(arguments: Lane.all)
    func seesItsRequest(lane: Lane) async throws {
        let server = try lane.server { routes in
            routes.use { request, response, next in
                response.headers["X-Seen"] = "yes"
                if request.query.first(named: "no") != nil {
                    response.send(status: .unauthorized)
                } else {
                    try next(request, &response)
                }
            }
            // An answer that is held back until it returns, and one that opens a socket.
            routes.group("/around") { around in
                around.use { request, response, next in try await next(request, &response) }
                around.webSocket("/") { socket in
                    while let message = try await socket.receive() {
                        try await socket.send(message)
                    }
                }
            }
            routes.get("/rooms/:name") { request, response in
                let room = try request.parameters.require("name")
                let user = request.cookies["user"].map { String($0) } ?? "nobody"
                var options = WebSocket.Options()
                options.subprotocols = ["v2", "v1"]
                options.origins = .only(["https://a.example"])
                try response.acceptWebSocket(for: request, options) { socket in
                    try await socket.send("\(user) in \(room) by \(socket.subprotocol ?? "-")")
                    try socket.close(.goingAway, reason: "done")
                }
            }
        }
        try await server.test(lane.mode) { client in
            let socket = try await client.webSocket(
                "/rooms/blue", subprotocols: ["v0", "v1", "v2"], headers: ["Cookie": "user=ann"])
            #expect(try await socket.receive() == .text("ann in blue by v1"))
            #expect(try await socket.receive() == nil)
            #expect(socket.closeCode == .goingAway && socket.closeReason == "done")
            #expect(socket.subprotocol == "v1" && socket.headers["X-Seen"] == "yes")

            let around = try await client.webSocket("/around/")
            around.send("a")
            #expect(try await around.receive() == .text("a"))
            #expect(around.headers["X-Seen"] == "yes")

            let other = ["Origin": "https://b.example"] as TestHeaders
            for (target, headers, status) in [
                ("/rooms/a?no=1", [:], "401"), ("/rooms/a", other, "403"), ("/nowhere", [:], "404"),
                ("/rooms/a", ["Sec-WebSocket-Version": "8"], "426"),
                ("/rooms/a", ["Sec-WebSocket-Key": "x"], "400"),
            ] as [(String, TestHeaders, String)] {
                let error = try await testError {
                    _ = try await client.webSocket(target, headers: headers)
                }
                #expect(error?.message.contains(status) == true, "\(target): \(error as Any)")
            }
            let plain = try await client.get("/rooms/a")
            #expect(plain.status.code == 426 && plain.headers["Sec-WebSocket-Version"] == "13")
            #expect(plain.headers["Upgrade"] == "websocket")
            #expect(plain.headers.values(of: "Connection").contains("Upgrade"))
        }
    }

    @Test(arguments: Lane.all)
    func tellsItsHandlerWhatWentWrong(lane: Lane) async throws {
        let ends = Recorder<String>()
        let server = try lane.server { routes in
            routes.webSocket("/") { socket in
                do {
                    for try await message in socket { try await socket.send(message) }
                    ends.record("end \(socket.closeCode!)")
                } catch let error as WebSocketError {
                    ends.record("\(error.kind) \(socket.closeCode!)")
                }
            }
        }
        try await server.test(lane.mode) { client in
            let wrong = try await client.webSocket("/")
            wrong.send("a")
            wrong.sendFrame(0x83, [])
            #expect(try await wrong.receive() == .text("a"))
            #expect(try await wrong.receive() == nil)
            #expect(wrong.closeCode == .protocolError)
            try await waitUntil { ends.values == ["failed 1002"] }
            try await client.webSocket("/").close(.noCode)
            try await waitUntil { ends.values.last == "end 1005" }
            let socket = try await client.webSocket("/")
            socket.send("a")
            #expect(try await socket.receive() == .text("a"))
            socket.cut()
            try await waitUntil { ends.values.last == "failed 1006" }
        }
    }

    @Test(arguments: Lane.all)
    func closesWhenItsHandlerReturnsOrThrows(lane: Lane) async throws {
        let server = try lane.server { routes in
            routes.webSocket("/returns") { _ in }
            routes.webSocket("/throws") { _ in throw TestFailure() }
            routes.webSocket(
                "/text",
                callbacks: WebSocket.Callbacks(onText: { _, _ in throw TestFailure() }))
        }
        try await server.test(lane.mode) { client in
            let returning = try await client.webSocket("/returns")
            #expect(try await returning.receive() == nil)
            #expect(returning.closeCode == .normal)
            let throwing = try await client.webSocket("/throws")
            #expect(try await throwing.receive() == nil)
            #expect(throwing.closeCode == .internalError)
            let text = try await client.webSocket("/text")
            text.send("a")
            #expect(try await text.receive() == nil)
            #expect(text.closeCode == .internalError)
            let binary = try await client.webSocket("/text")
            binary.send([1])
            #expect(try await binary.receive() == nil)
            #expect(binary.closeCode == .unsupportedData)
        }
    }

    /// From a thread that is no worker's, with a client that does not read for a while.
    @Test(arguments: Lane.all)
    func takesWhatOtherThreadsSend(lane: Lane) async throws {
        let sockets = Recorder<WebSocket>()
        defer { sockets.clear() }
        let server = try lane.server { routes in
            var options = WebSocket.Options()
            options.unsent = 50_000
            routes.webSocket("/", options) { socket in
                sockets.record(socket)
                while try await socket.receive() != nil {}
            }
        }
        try await server.test(lane.mode) { client in
            let socket = try await client.webSocket("/")
            try await waitUntil { !sockets.values.isEmpty }
            let other = sockets.values[0]
            let sender = Task.detached {
                for number in 0..<400 {
                    try await other.send([UInt8](repeating: UInt8(number % 256), count: 5000))
                }
                try other.close(reason: "all")
            }
            for number in 0..<400 {
                let message = try await socket.receive()
                guard message == .binary([UInt8](repeating: UInt8(number % 256), count: 5000))
                else {
                    Issue.record("message \(number) is another")
                    break
                }
            }
            #expect(try await socket.receive() == nil)
            #expect(socket.closeReason == "all")
            try await sender.value
            #expect(throws: WebSocketError.self) {
                while try other.trySend("late") {}
            }
        }
    }

    /// One publication reaches sockets and streams of events.
    @Test(arguments: Lane.all)
    func getsWhatIsPublished(lane: Lane) async throws {
        let hub = try EventHub()
        let server = try lane.server { routes in
            routes.webSocket("/chat") { socket in
                try socket.subscribe(to: "chat", in: hub)
                try await socket.send("joined")
                while case .text(let text)? = try await socket.receive() {
                    try hub.publish(ServerSentEvent(text), to: "chat")
                }
            }
            routes.get("/events") { request, response in
                try response.subscribe(to: "chat", in: hub, for: request)
            }
        }
        try await server.test(lane.mode) { client in
            let events = try await client.events("/events")
            let one = try await client.webSocket("/chat")
            let other = try await client.webSocket("/chat")
            #expect(try await one.receive() == .text("joined"))
            #expect(try await other.receive() == .text("joined"))
            try await waitUntil { hub.statistics.subscribers == 3 }
            one.send("first\nof two lines")
            #expect(try await one.receive() == .text("first\nof two lines"))
            #expect(try await other.receive() == .text("first\nof two lines"))
            #expect(try await events.next()?.data == "first\nof two lines")
            try await one.close()
            other.send("second")
            #expect(try await other.receive() == .text("second"))
            try await waitUntil { hub.statistics.subscribers == 2 }
        }
    }

    @Test func itsExchangeEndsWithTheAnswer() async throws {
        let statuses = Recorder<Status?>()
        let server = try Lane(mode: .inProcess, backend: nil).server(
            configure: { configuration in
                configuration.onExchangeEnd = { exchange in statuses.record(exchange.status) }
            },
            { routes in routes.webSocket("/") { socket in _ = try await socket.receive() } })
        try await server.test { client in
            let socket = try await client.webSocket("/")
            try await waitUntil { statuses.values == [.switchingProtocols] }
            try await socket.close()
        }
    }

    @Test func refusesImpossibleOptions() async throws {
        let server = try offline { request, response in
            var options = WebSocket.Options()
            options.message = 0
            try response.acceptWebSocket(for: request, options) { _ in }
        }
        try await server.test { client in
            let answer = try await client.get("/")
            #expect(answer.status == .internalServerError)
        }
    }

    @Test(arguments: backends)
    func isCounted(backend: Server.Backend) async throws {
        let server = try Server(
            configuration: local(backend),
            router: try Router { routes in
                routes.webSocket("/") { socket in
                    for try await message in socket { try await socket.send(message) }
                }
            })
        try server.start()
        let client = try RawClient(port: server.port)
        try client.send(
            """
            GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """)
        try client.send([0x81, 0x83, 0, 0, 0, 0, 0x61, 0x62, 0x63])
        try await waitUntil { server.statistics.webSockets.messagesSent == 1 }
        let counted = server.statistics.webSockets
        #expect(counted.opened == 1 && counted.open == 1 && counted.messagesReceived == 1)
        #expect(counted.bytesReceived == 3 && counted.bytesSent == 3)
        server.stop(within: .zero)
        server.wait()
        #expect(server.statistics.webSockets.open == 0)
    }
}
