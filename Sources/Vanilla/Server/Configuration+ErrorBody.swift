// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Configuration {
    /// The body of an error that has none of its own: what a router does not find, what a handler
    /// throws, and what the server refuses of a request that it has read (413, 503). Later versions
    /// may have more forms.
    public struct ErrorBody: Sendable, Hashable, CaseIterable, LosslessStringConvertible {
        /// The form's number in C.
        let c: UInt8
        /// The name that people and options use.
        public let description: String

        private init(_ name: String, _ number: Int) {
            description = name
            c = UInt8(number)
        }

        /// The form of that name; `nil` where there is none.
        public init?(_ description: String) {
            guard let form = ErrorBody.allCases.first(where: { $0.description == description })
            else { return nil }
            self = form
        }

        /// Problem details in JSON (RFC 9457) to clients that name `application/json` or
        /// `application/problem+json` in Accept and do not prefer text; text to the others, with
        /// `Vary: Accept` to both.
        public static let byAccept = ErrorBody("by-accept", VN_ERROR_BODY_BY_ACCEPT)
        /// A line of text: `404 Not Found`, or the message of a ``RequestError``.
        public static let text = ErrorBody("text", VN_ERROR_BODY_TEXT)
        /// `{"type":"about:blank","title":"Not Found","status":404}`, and in `detail` the message
        /// of a ``RequestError``.
        public static let problem = ErrorBody("problem", VN_ERROR_BODY_PROBLEM)
        /// None, except that the message of a ``RequestError`` is sent as text.
        public static let empty = ErrorBody("empty", VN_ERROR_BODY_EMPTY)

        /// All forms.
        public static let allCases = [byAccept, text, problem, empty]
    }
}
