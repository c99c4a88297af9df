// SPDX-License-Identifier: MIT

internal import Synchronization
public import Vanilla

/// The name of one request, in its answer, in what a handler logs, and in the logs of a proxy.
///
/// ```swift
/// routes.use(RequestID.middleware())
/// routes.get("/") { request, response in
///     print(try request.storage.require(RequestID.self))
/// }
/// ```
public struct RequestID: Sendable, Hashable {
    /// 1 to 128 letters, digits and any of `-_.:+/=`.
    public let text: String

    /// The id that this text is; `nil` where it is none.
    public init?(_ text: String) {
        let isFine = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.:+/=".utf8.contains(byte)
            }
        }
        guard isFine, 1...128 ~= text.utf8.count else { return nil }
        self.text = text
    }

    /// One that no other request of this process has, nor, as good as surely, one of another: what
    /// the process drew when it began, and a number. It is no secret.
    public static func next() -> RequestID {
        let number = Self.number.add(1, ordering: .relaxed).newValue
        return RequestID(known: process + "-" + String(number, radix: 16))
    }

    private init(known text: String) {
        self.text = text
    }

    private static let number = Atomic<UInt64>(0)
    private static let process: String = {
        let drawn = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - drawn.count) + drawn
    }()

    /// Gives each request an id: in `request.storage`, and as a header of its answer. For
    /// `routes.use`.
    ///
    /// - Parameters:
    ///   - header: Where it stands.
    ///   - isTrusted: Whether the id that a request brings counts, which any client can set: true
    ///     for what comes through a proxy of yours. What is no id is replaced.
    public static func middleware(
        header: String = "X-Request-ID",
        isTrusted: @escaping @Sendable (Request) -> Bool = { _ in false }
    ) -> Routes.Middleware {
        { request, response, next in
            var id: RequestID?
            if let brought = request.headers[header], isTrusted(request) { id = RequestID(brought) }
            let known = id ?? .next()
            request.storage[RequestID.self] = known
            response.headers[header] = known.text
            try next(request, &response)
        }
    }
}

extension RequestID: CustomStringConvertible {
    /// Its text.
    public var description: String { text }
}
