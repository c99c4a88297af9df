// SPDX-License-Identifier: MIT

public import Vanilla

/// A name and a password, as browsers ask for them by a window of their own (RFC 7617).
public struct BasicCredentials: Sendable, Equatable {
    /// Who it is; without a colon.
    public let name: String
    /// What nobody else knows.
    public let password: String

    /// Those of a request's `Authorization`; `nil` where there are none, or they are not UTF-8 in
    /// Base64.
    public init?(_ request: Request) {
        guard let value = request.credentials(of: "basic"), let bytes = Base64.decode(value),
            let text = String(validating: bytes, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        name = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}

extension Request {
    /// The token of `Authorization: Bearer ...` (RFC 6750, section 2.1); `nil` where there is none.
    public var bearerToken: String? { credentials(of: "bearer") }

    /// What follows the scheme, which is compared case-insensitively (RFC 9110, section 11.1).
    fileprivate func credentials(of scheme: String) -> String? {
        guard let value = headers[.authorization],
            let space = value.firstIndex(of: " "),
            value[..<space].lowercased() == scheme
        else { return nil }
        let rest = value[space...].drop { $0 == " " }
        return rest.isEmpty ? nil : String(rest)
    }
}

/// Whether two texts are the same, in a time that depends on the length of `given` alone: for
/// passwords and tokens that are kept as they are, so that nobody learns one letter by letter.
/// Passwords of people are better kept as hashes.
public func isEqualInConstantTime(_ given: String, _ expected: String) -> Bool {
    let expected = Array(expected.utf8)
    var difference: UInt8 = 0
    var count = 0
    for byte in given.utf8 {
        // Beyond its end, and where it is empty, it is compared with something else.
        let other = expected.isEmpty ? 0 : expected[count % expected.count]
        difference |= byte ^ other
        count += 1
    }
    return count == expected.count && difference == 0
}
