// SPDX-License-Identifier: MIT

import Vanilla

extension Server {
    /// The arena's server, not started.
    static func arena(_ configuration: Configuration) throws(VanillaError) -> Server {
        let router = try Router.arena()
        return try Server(
            configuration: configuration,
            bodyDelivery: { request in
                // By any method: the differential test wants a broken body refused before a method is.
                request.path == "/echo" ? .whole : router.bodyDelivery(for: request)
            },
            makeHandler: { _ in router.makeHandler() })
    }
}

extension Router {
    /// What the arena serves.
    fileprivate static func arena() throws(VanillaError) -> Router {
        try Router { routes in
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
                guard count >= 0 else { throw Refusal(.notFound) }
                Answers.sendZeros(count, &response)
            }
            routes.get("/user/:id", body: .ignored, Answers.sendUser)
            // Everything that a router does for a request, to be counted.
            routes.group("/teams/:team") { team in
                team.use { request, response, next in try next(request, &response) }
                team.get("/users/:id", body: .ignored) { request, response in
                    let id = try request.parameters.require("id", as: Int.self)
                    guard id > 0 else { throw Refusal(.notFound) }
                    response.send(try request.parameters.require("team"), contentType: .plainText)
                }
            }
        }
    }
}

/// The longer ones of its handlers.
private enum Answers {
    /// Sent over and over by `/download`.
    private static let zeros = SharedBytes(repeating: 0, count: 256 << 10)

    /// `/baseline11?a=1&b=2`: the sum of the values, and of the number in the body.
    static func sendSum(of request: Request, _ response: inout ResponseWriter) {
        var sum = 0
        var items = request.queryItems
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

    /// `/user/{id}`: the id, with a tag by which a client that has it already is told so.
    static func sendUser(_ request: Request, _ response: inout ResponseWriter) throws {
        let id = try request.parameters.require("id")
        let tag = EntityTag(of: id)
        try response.addField(.etag, tag.text)
        if tag.isKnown(to: request) {
            response.send(status: .notModified)
        } else {
            response.send(id, contentType: .plainText)
        }
    }
}
