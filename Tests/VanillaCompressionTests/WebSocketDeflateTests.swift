// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaCompression
import VanillaTesting

@Suite struct WebSocketDeflateTests {
    /// "Hello" as RFC 7692 has it, in section 7.2.3.1.
    static let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
    static let extensions = "Sec-WebSocket-Extensions"

    private func server(
        _ deflate: WebSocket.Compression.DeflateOptions = .init(), message: Int = 1000
    ) throws -> Server {
        var options = WebSocket.Options()
        options.compression = try .deflate(deflate)
        options.message = message
        return try Server(
            router: Router { [options] routes in
                routes.webSocket("/echo", options) { socket in
                    for try await message in socket { try await socket.send(message) }
                }
            })
    }

    static let none = "; server_no_context_takeover; client_no_context_takeover"
    static let offers: [(String, String?)] = [
        ("permessage-deflate", none),
        ("permessage-deflate; client_max_window_bits", none),
        ("permessage-deflate ;client_max_window_bits= 8", none + "; client_max_window_bits=8"),
        ("permessage-deflate; server_no_context_takeover", none),
        ("permessage-deflate; client_no_context_takeover", none),
        ("permessage-deflate; client_max_window_bits=\"10\"", none + "; client_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=8", nil),
        ("permessage-deflate; server_max_window_bits=16", nil),
        ("permessage-deflate; server_max_window_bits=09", nil),
        ("permessage-deflate; server_max_window_bits", nil),
        ("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9", nil),
        ("permessage-deflate; server_no_context_takeover=1", nil),
        ("permessage-deflate; client_max_window_bits=", nil),
        ("permessage-deflate; unknown", nil),
        ("permessage-deflate;", nil),
        ("x-other", nil),
        ("x-other, permessage-deflate", none),
        ("permessage-deflate; unknown, permessage-deflate; client_max_window_bits", none),
    ]

    @Test func answersEachOffer() async throws {
        try await server().test { client in
            for (offer, answer) in Self.offers {
                let socket = try await client.webSocket("/echo", headers: [Self.extensions: offer])
                #expect(
                    socket.headers[Self.extensions] == answer.map { "permessage-deflate" + $0 },
                    "\(offer)")
                socket.cut()
            }
        }
    }

    @Test func grantsEachWindow() async throws {
        try await server().test { client in
            for window in 9...15 {
                let said = "; server_max_window_bits=\(window); client_max_window_bits=\(window)"
                let socket = try await client.webSocket(
                    "/echo", headers: [Self.extensions: "permessage-deflate" + said])
                #expect(
                    socket.headers[Self.extensions] == "permessage-deflate" + Self.none + said)
                socket.cut()
            }
        }
    }

    @Test func keepsContextsByOption() async throws {
        var options = WebSocket.Compression.DeflateOptions()
        options.keepsServerContext = true
        options.keepsClientContext = true
        options.serverWindow = 10
        try await server(options).test { client in
            let socket = try await client.webSocket(
                "/echo", headers: [Self.extensions: "permessage-deflate"])
            #expect(
                socket.headers[Self.extensions] == "permessage-deflate; server_max_window_bits=10")
            socket.cut()
        }
    }

    @Test(
        arguments: [
            ([0xC9] + hello, 1002),  // a compressed ping
            ([0xC1, 0x00, 0x00], 1007),  // 'stored', and no length
            ([0xC1, 0xF2, 0x48], 1007),  // half of a block
            ([0xC1, 0xFF, 0xFF], 1007),  // no kind of block
            ([0xC1, 0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00], 1007),  // a byte that is no UTF-8
            ([0xE1] + hello, 1002),
        ] as [([UInt8], Int)])
    func closesForWhatIsWrong(frame: [UInt8], code: Int) async throws {
        try await server().test { client in
            let socket = try await client.webSocket(
                "/echo", headers: [Self.extensions: "permessage-deflate"])
            // What is short stays as it is.
            socket.sendFrame(0xC1, Self.hello)
            #expect(try await socket.receive() == .text("Hello"))
            // With a last block, and another behind it (section 7.2.3.4).
            socket.sendFrame(0xC1, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00])
            #expect(try await socket.receive() == .text("Hello"))
            socket.sendFrame(frame[0], Array(frame.dropFirst()))
            #expect(try await socket.receive() == nil)
            #expect(socket.closeCode?.code == UInt16(code))
        }
    }

    @Test func refusesContinuationsThatAreCompressed() async throws {
        try await server().test { client in
            let socket = try await client.webSocket(
                "/echo", headers: [Self.extensions: "permessage-deflate"])
            socket.sendFrame(0x41, Array(Self.hello.prefix(3)))
            socket.sendFrame(0xC0, Array(Self.hello.dropFirst(3)))
            #expect(try await socket.receive() == nil)
            #expect(socket.closeCode?.code == 1002)
        }
    }

    @Test func boundsWhatItExpandsTo() async throws {
        try await server(message: 4).test { client in
            let socket = try await client.webSocket(
                "/echo", headers: [Self.extensions: "permessage-deflate"])
            socket.sendFrame(0xC1, Self.hello)
            #expect(try await socket.receive() == nil)
            #expect(socket.closeCode == .messageTooBig)
        }
    }

    @Test func refusesImpossibleOptions() {
        var options = WebSocket.Compression.DeflateOptions()
        options.serverWindow = 8
        #expect(throws: WebSocketError.self) {
            _ = try WebSocket.Compression.deflate(options)
        }
    }
}
