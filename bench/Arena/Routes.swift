// SPDX-License-Identifier: MIT

import Vanilla
import VanillaCompression

extension Server {
    /// The arena's server, not started.
    ///
    /// - Parameter folder: That of `/static/`; `nil`: there is none.
    static func arena(_ configuration: Configuration, folder: String? = nil) throws -> Server {
        let router = try Router.arena(folder)
        // As short as others are: what is compared is what it costs to answer, not to explain.
        var configuration = configuration
        configuration.errorBody = .empty
        return try Server(
            configuration: configuration,
            bodyDelivery: { request in
                // By any method: the differential test wants a broken body refused before a method
                // is.
                request.path == "/echo" ? .whole : router.bodyDelivery(for: request)
            },
            makeHandler: { _ in router.makeHandler() })
    }
}

/// 64 bytes.
private struct Stored {
    let values: [8 of Int]
}

extension Router {
    /// What the arena serves.
    fileprivate static func arena(_ folder: String?) throws(RouteError) -> Router {
        try Router { routes in
            if let folder { routes.files("/static/*path", from: folder) }
            let items = ItemsWriter()
            let compression = Compression()
            routes.get("/json/:count", body: .ignored) { request, response in
                let count = try request.parameters.require("count", as: Int.self)
                guard (0...Item.all.count).contains(count) else { throw RequestError(.notFound) }
                let factor = request.query["m", as: Int.self] ?? 1
                response.compress(with: compression)
                response.send(items.write(count, factor: factor), contentType: .json)
            }
            routes.get("/", body: .ignored) { _, response in
                response.send("Hello, World!", contentType: .plainText)
            }
            routes.get("/pipeline", body: .ignored) { _, response in
                response.send("ok", contentType: .plainText)
            }
            routes.on([.get, .post], "/baseline11", Answers.sendSum)
            routes.post("/echo") { request, response in response.send(request.body) }
            routes.post("/upload", body: .streamed) { _, response in
                Answers.countBody(&response)
            }
            routes.get("/download/:count", body: .ignored) { request, response in
                let count = try request.parameters.require("count", as: Int.self)
                guard count >= 0 else { throw RequestError(.notFound) }
                Answers.sendZeros(count, &response)
            }
            routes.get("/chunked/:count", body: .ignored) { request, response in
                let count = try request.parameters.require("count", as: Int.self)
                guard count >= 0 else { throw RequestError(.notFound) }
                Answers.sendPattern(count, &response)
            }
            routes.get("/user/:id", body: .ignored) { request, response in
                let id = try request.parameters.require("id", as: Bytes.self)
                response.send(id, etag: ETag(hashing: id), contentType: .plainText)
            }
            routes.on([.get, .put], "/etag", body: .ignored) { request, response in
                Answers.serveNote(request, &response)
            }
            routes.get("/modified", body: .ignored) { _, response in
                response.send(
                    "page", etag: nil, lastModified: Answers.pageModified, contentType: .plainText)
            }
            // The same as "/pipeline", in a task of its own.
            routes.get("/async", body: .ignored) { (_, response) async in
                response.send("ok", contentType: .plainText)
            }
            routes.get("/delay/:milliseconds", body: .ignored) { request, response in
                let milliseconds = try request.parameters.require("milliseconds", as: Int.self)
                guard (0...60_000).contains(milliseconds) else { throw RequestError(.notFound) }
                try await Worker.current?.sleep(for: .milliseconds(milliseconds))
                response.send("ok", contentType: .plainText)
            }
            // What middleware hands on: as much as costs no allocation.
            routes.group("/stored") { stored in
                stored.use { request, response, next in
                    request.storage[Stored.self] = Stored(values: .init(repeating: 7))
                    try next(request, &response)
                }
                stored.get("", body: .ignored) { request, response in
                    guard try request.storage.require(Stored.self).values[7] == 7 else {
                        throw RequestError(.internalServerError)
                    }
                    response.send("ok", contentType: .plainText)
                }
            }
            // "/async" with middleware that waits around it, to be compared.
            routes.group("/around") { around in
                around.use { request, response, next in try await next(request, &response) }
                around.get("", body: .ignored) { (_, response) async in
                    response.send("ok", contentType: .plainText)
                }
            }
            routes.webSocket("/ws", Answers.socketOptions, callbacks: Answers.echo)
            // The same in a task.
            routes.webSocket("/ws-async", Answers.socketOptions) { socket in
                for try await message in socket { try await socket.send(message) }
            }
            // Everything that a router does for a request, to be counted.
            routes.group("/teams/:team") { team in
                team.use { request, response, next in try next(request, &response) }
                team.get("/users/:id", body: .ignored) { request, response in
                    let id = try request.parameters.require("id", as: Int.self)
                    guard id > 0 else { throw RequestError(.notFound) }
                    response.send(
                        try request.parameters.require("team", as: Bytes.self),
                        contentType: .plainText)
                }
            }
        }
    }
}

/// The longer ones of its handlers.
private enum Answers {
    /// Sent over and over by `/download`.
    private static let zeros = SharedBytes(repeating: 0, count: 256 << 10)

    /// Sent over and over by `/chunked`. Its size is a prime, so that no piece looks like another.
    private static let pattern = SharedBytes(
        (0..<65_521).map { index in UInt8(truncatingIfNeeded: index &* 31) })

    /// Of `/ws`: messages of up to 16 MiB.
    static let socketOptions = {
        var options = WebSocket.Options()
        options.message = 16 << 20
        options.compression = .deflate
        return options
    }()

    /// `/ws`: each message as it came.
    static let echo = WebSocket.Callbacks(
        onText: { socket, text in _ = try socket.trySend(text, as: .text) },
        onBinary: { socket, bytes in _ = try socket.trySend(bytes, as: .binary) })

    /// Of `/modified`: the example of RFC 9110, section 5.6.7.
    static let pageModified = HTTPDate(secondsSince1970: 784_111_777)

    /// `/baseline11?a=1&b=2`: the sum of the values, and of the number in the body.
    static func sendSum(of request: Request, _ response: inout ResponseWriter) {
        var sum = 0
        var items = request.query
        while let item = items.next() {
            guard let value = Int(item.value) else { return response.send(status: .badRequest) }
            sum &+= value
        }
        if !request.body.isEmpty {
            guard let value = Int(request.body) else { return response.send(status: .badRequest) }
            sum &+= value
        }
        response.send(String(sum), contentType: .plainText)
    }

    /// `/upload`: the number of bytes, counted as they come.
    static func countBody(_ response: inout ResponseWriter) {
        var count = 0
        response.receiveBody { piece, response in
            count += piece.bytes.count
            if piece.isLast { response.send(String(count), contentType: .plainText) }
            return .more
        }
    }

    /// `/download/{bytes}`: that many bytes, none of them copied.
    static func sendZeros(_ count: Int, _ response: inout ResponseWriter) {
        var left = count
        response.stream(contentType: .bytes, length: count) { body in
            let next = min(left, zeros.count)
            try body.write(zeros, in: 0..<next)
            left -= next
            return left == 0 ? .done : .more
        }
    }

    /// `/chunked/{bytes}`: that many bytes of the pattern, without a length.
    static func sendPattern(_ count: Int, _ response: inout ResponseWriter) {
        var sent = 0
        response.stream(contentType: .bytes) { body in
            let start = sent % pattern.count
            let next = min(count - sent, pattern.count - start)
            try body.write(pattern, in: start..<start + next)
            sent += next
            return sent == count ? .done : .more
        }
    }

    /// `/etag`: what two clients may change. It has a tag, and fields that a 304 keeps or drops. A
    /// change that is not refused is said to have made "v2", and forgotten.
    static func serveNote(_ request: Request, _ response: inout ResponseWriter) {
        switch request.method {
        case .get, .head:
            response.headers.add(.cacheControl, "max-age=60")
            response.headers.add(.contentLanguage, "en")
            response.headers.add(.vary, "Accept-Language")
            response.send("note", etag: "v1", contentType: .plainText)
        default:
            guard request.evaluatePreconditions(etag: "v1") == .perform else {
                return response.sendPreconditionFailed()
            }
            response.send("", etag: "v2")
        }
    }
}
