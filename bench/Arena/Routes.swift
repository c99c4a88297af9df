// SPDX-License-Identifier: MIT

import Vanilla

/// What the arena serves.
enum Routes {
    /// Sent over and over by `/download`.
    private static let zeros = SharedBytes(repeating: 0, count: 256 << 10)

    /// Sent over and over by `/chunked`. Its size is a prime, so that no piece looks like another.
    private static let pattern = SharedBytes(
        (0..<65_521).map { index in UInt8(truncatingIfNeeded: index &* 31) })

    /// Of `/modified`: the example of RFC 9110, section 5.6.7.
    private static let pageModified = HTTPDate(secondsSince1970: 784_111_777)

    /// How the body of a request comes: only these routes look at one.
    @Sendable
    static func deliverBody(of request: Request) -> BodyDelivery {
        switch request.path {
        case "/echo", "/baseline11": .whole
        case "/upload": .streamed
        default: .ignored
        }
    }

    /// Answers every request.
    @Sendable
    static func respond(to request: Request, _ response: inout ResponseWriter) throws {
        switch request.path {
        case "/":
            guard allows(request, &response, .read) else { return }
            response.send("Hello, World!", contentType: .plainText)
        case "/pipeline":
            guard allows(request, &response, .read) else { return }
            response.send("ok", contentType: .plainText)
        case "/baseline11":
            guard allows(request, &response, .readOrPost) else { return }
            sendSum(of: request, &response)
        case "/etag":
            guard allows(request, &response, .readOrPut) else { return }
            serveNote(request, &response)
        case "/modified":
            guard allows(request, &response, .read) else { return }
            response.send("page", etag: nil, lastModified: pageModified, contentType: .plainText)
        case "/echo":
            guard allows(request, &response, .post) else { return }
            response.send(request.body)
        case "/upload":
            guard allows(request, &response, .post) else { return }
            countBody(&response)
        case let path:
            if let digits = path.dropping(prefix: "/download/"), let count = Int(digits), count >= 0
            {
                guard allows(request, &response, .read) else { return }
                sendZeros(count, &response)
            } else if let digits = path.dropping(prefix: "/chunked/"), let count = Int(digits),
                count >= 0
            {
                guard allows(request, &response, .read) else { return }
                sendPattern(count, &response)
            } else if let id = path.dropping(prefix: "/user/"), isSegment(id) {
                guard allows(request, &response, .read) else { return }
                response.send(id, etag: ETag(hashing: id), contentType: .plainText)
            } else {
                response.send(status: .notFound)
            }
        }
    }

    /// The methods of a route.
    private enum AllowedMethods {
        case read, post, readOrPost, readOrPut
    }

    /// Whether the route has the method; answers 405 where it has not.
    private static func allows(
        _ request: Request, _ response: inout ResponseWriter, _ allowed: AllowedMethods
    ) -> Bool {
        switch (request.method, allowed) {
        case (.get, .read), (.head, .read), (.get, .readOrPost), (.head, .readOrPost): return true
        case (.post, .post), (.post, .readOrPost): return true
        case (.get, .readOrPut), (.head, .readOrPut), (.put, .readOrPut): return true
        default: break
        }
        switch allowed {
        case .read: response.addField(.allow, "GET, HEAD")
        case .post: response.addField(.allow, "POST")
        case .readOrPut: response.addField(.allow, "GET, HEAD, PUT")
        case .readOrPost: response.addField(.allow, "GET, HEAD, POST")
        }
        response.send(status: .methodNotAllowed)
        return false
    }

    /// `/baseline11?a=1&b=2`: the sum of the values, and of the number in the body.
    private static func sendSum(of request: Request, _ response: inout ResponseWriter) {
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
    private static func countBody(_ response: inout ResponseWriter) {
        var count = 0
        response.receiveBody { piece, response in
            count += piece.bytes.count
            if piece.isLast { response.send(String(count), contentType: .plainText) }
            return .more
        }
    }

    /// `/download/{bytes}`: that many bytes, none of them copied.
    private static func sendZeros(_ count: Int, _ response: inout ResponseWriter) {
        var left = count
        response.stream(contentType: .bytes, length: count) { body in
            let next = min(left, zeros.count)
            try body.write(zeros, in: 0..<next)
            left -= next
            return left == 0 ? .done : .more
        }
    }

    /// `/chunked/{bytes}`: that many bytes of the pattern, without a length.
    private static func sendPattern(_ count: Int, _ response: inout ResponseWriter) {
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
    private static func serveNote(_ request: Request, _ response: inout ResponseWriter) {
        switch request.method {
        case .get, .head:
            response.addField(.cacheControl, "max-age=60")
            response.addField(.contentLanguage, "en")
            response.addField(.vary, "Accept-Language")
            response.send("note", etag: "v1", contentType: .plainText)
        default:
            guard request.evaluatePreconditions(etag: "v1") == .perform else {
                return response.preconditionFailed()
            }
            response.send("", etag: "v2")
        }
    }

    private static func isSegment(_ bytes: Bytes) -> Bool {
        !bytes.isEmpty && bytes.firstIndex(of: UInt8(ascii: "/")) == nil
    }
}
