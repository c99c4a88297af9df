// SPDX-License-Identifier: MIT

extension Router {
    /// Why a request takes no route. Later versions may have more reasons.
    public struct Miss: Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The status with which the router answers: 404, 405, 204 or 400.
        public let status: Status
        /// The name of the static member, for people.
        public let description: String
        /// Its place among all cases.
        let place: Int

        private init(_ name: String, _ status: Status, place: Int) {
            description = name
            self.status = status
            self.place = place
        }

        /// No route matches the path.
        public static let notFound = Miss("notFound", .notFound, place: 0)
        /// The path has routes, but none for the method.
        public static let methodNotAllowed = Miss("methodNotAllowed", .methodNotAllowed, place: 1)
        /// OPTIONS asks which methods the path has routes for (RFC 9110, section 9.3.7).
        public static let options = Miss("options", .noContent, place: 2)
        /// A `%` of the path is not followed by two hexadecimal digits.
        public static let malformedPath = Miss("malformedPath", .badRequest, place: 3)

        /// All reasons, each at its place.
        public static let allCases = [notFound, methodNotAllowed, options, malformedPath]

        var namesMethods: Bool { self == .methodNotAllowed || self == .options }
    }
}
