// SPDX-License-Identifier: MIT

/// The status of a response: 200 to 999 (RFC 9110, section 15).
@frozen
public struct Status: Sendable, Hashable {
    /// The number as it is sent.
    public let code: UInt16

    /// The status with that number; `nil` below 200 and above 999. The core sends
    /// interim responses by itself.
    public init?(code: Int) {
        guard 200...999 ~= code else { return nil }
        self.code = UInt16(code)
    }

    private init(_ code: UInt16) {
        self.code = code
    }
}

extension Status {
    public static let ok = Status(200)
    public static let created = Status(201)
    public static let accepted = Status(202)
    public static let noContent = Status(204)
    public static let resetContent = Status(205)
    public static let partialContent = Status(206)

    public static let movedPermanently = Status(301)
    public static let found = Status(302)
    public static let seeOther = Status(303)
    public static let notModified = Status(304)
    public static let temporaryRedirect = Status(307)
    public static let permanentRedirect = Status(308)

    public static let badRequest = Status(400)
    public static let unauthorized = Status(401)
    public static let forbidden = Status(403)
    public static let notFound = Status(404)
    public static let methodNotAllowed = Status(405)
    public static let notAcceptable = Status(406)
    public static let requestTimeout = Status(408)
    public static let conflict = Status(409)
    public static let gone = Status(410)
    public static let lengthRequired = Status(411)
    public static let preconditionFailed = Status(412)
    public static let contentTooLarge = Status(413)
    public static let uriTooLong = Status(414)
    public static let unsupportedMediaType = Status(415)
    public static let rangeNotSatisfiable = Status(416)
    public static let expectationFailed = Status(417)
    public static let unprocessableContent = Status(422)
    public static let tooManyRequests = Status(429)
    public static let requestHeaderFieldsTooLarge = Status(431)

    public static let internalServerError = Status(500)
    public static let notImplemented = Status(501)
    public static let badGateway = Status(502)
    public static let serviceUnavailable = Status(503)
    public static let gatewayTimeout = Status(504)
    public static let httpVersionNotSupported = Status(505)
}

extension Status: CustomStringConvertible {
    /// The number as it is sent.
    public var description: String { String(code) }
}
