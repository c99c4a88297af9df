// SPDX-License-Identifier: MIT

/// A route's path as it was written, taken apart: `/user/:id/*rest`.
struct RoutePattern {
    enum Part {
        /// Bytes in normal form (``PathSymbol``), slashes included.
        case literal([UInt8])
        /// One segment, not empty.
        case parameter
        /// Everything from here on, slashes included.
        case rest
    }

    /// The most parameters, the rest included.
    static var maximumParameterCount: Int { 16 }

    private(set) var parts: [Part] = []
    /// Of the parameters and of the rest, in their order.
    private(set) var names: [String] = []

    /// What belongs to the next literal part.
    private var literal: [UInt8] = []

    /// - Parameters:
    ///   - text: The pattern.
    ///   - route: The route as the user wrote it, for messages.
    /// - Throws: ``RouteError`` of the kind `invalidRoute`.
    init(_ text: String, of route: String) throws(RouteError) {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw RouteError(.invalidRoute, "\(route): a path begins with \"/\".")
        }
        let segments = text.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            literal.append(UInt8(ascii: "/"))
            switch segment.first {
            case UInt8(ascii: ":"):
                try append(.parameter, named: segment.dropFirst(), route)
            case UInt8(ascii: "*"):
                guard index == segments.count - 1 else {
                    throw RouteError(
                        .invalidRoute, "\(route): nothing may follow \"\(Substring(segment))\".")
                }
                try append(.rest, named: segment.dropFirst(), route)
            default:
                try refuseBraces(segment, route)
                try append(segment, route)
            }
        }
        endLiteral()
    }

    /// Other routers write parameters in braces, which no path of a request has.
    private func refuseBraces(
        _ segment: Substring.UTF8View, _ route: String
    ) throws(RouteError) {
        guard segment.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
            return
        }
        let segment = Substring(segment)
        let inside = segment.dropFirst().dropLast()
        let name = inside.filter { character in
            character.utf8.count == 1 && character.utf8.allSatisfy(isNameByte)
        }
        let isWhole = segment.hasPrefix("{") && segment.hasSuffix("}") && !name.isEmpty
        let isRest = inside.hasPrefix("*") || inside.hasSuffix("*") || inside.hasSuffix("...")
        let hint =
            isWhole
            ? "write \"\(isRest ? "*" : ":")\(name)\" for \"\(segment)\""
            : "a parameter is a whole segment, \":id\"; write %7B and %7D for the characters"
        throw RouteError(.invalidRoute, "\(route): a path has no braces; \(hint).")
    }

    private mutating func append(
        _ part: Part, named name: Substring.UTF8View, _ route: String
    ) throws(RouteError) {
        let name = String(Substring(name))
        guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
            throw RouteError(
                .invalidRoute,
                "\(route): \"\(name)\" is no name; one is made of letters, digits, \"-\" and \"_\"."
            )
        }
        guard !names.contains(name) else {
            throw RouteError(.invalidRoute, "\(route): there are two parameters \"\(name)\".")
        }
        guard names.count < RoutePattern.maximumParameterCount else {
            throw RouteError(
                .invalidRoute,
                "\(route): there are more than \(RoutePattern.maximumParameterCount) parameters.")
        }
        endLiteral()
        names.append(name)
        parts.append(part)
    }

    private mutating func append(
        _ segment: Substring.UTF8View, _ route: String
    ) throws(RouteError) {
        let bytes = Array(segment)
        var at = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "?"), UInt8(ascii: "#"):
                throw RouteError(
                    .invalidRoute,
                    "\(route): a path has no \"?\" and no \"#\"; write %3F and %23 for the characters."
                )
            case UInt8(ascii: "%"):
                let digits = bytes[at...].dropFirst().prefix(2).compactMap(hexadecimalDigit)
                guard digits.count == 2 else {
                    throw RouteError(
                        .invalidRoute,
                        "\(route): \"%\" stands before two hexadecimal digits; write %25 for the character."
                    )
                }
                literal += PathSymbol.normalForm(ofEscaped: digits[0] << 4 | digits[1])
                at += 3
            case let byte:
                literal.append(byte)
                at += 1
            }
        }
    }

    private mutating func endLiteral() {
        if !literal.isEmpty { parts.append(.literal(literal)) }
        literal = []
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
    default:
        false
    }
}
