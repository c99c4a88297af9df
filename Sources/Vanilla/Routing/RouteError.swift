// SPDX-License-Identifier: MIT

/// What is wrong with the routes of a router, or with a handler's use of its route: a mistake in
/// the program.
public struct RouteError: Error, Sendable, Equatable {
    /// What sort of mistake it is.
    public let kind: Kind
    /// What is wrong, in a sentence that names the route.
    public let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension RouteError {
    /// Sorts of mistakes. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// A route's path or methods are impossible, it conflicts with another route, or there are
        /// too many: the message names the routes.
        public static let invalidRoute = Kind("invalidRoute")
        /// A handler asked for a parameter that its route does not have.
        public static let unknownParameter = Kind("unknownParameter")
        /// A handler asked for a value that no middleware has set.
        public static let unknownValue = Kind("unknownValue")
    }
}

extension RouteError: CustomStringConvertible {
    /// What is wrong, for people.
    public var description: String { message }
}
