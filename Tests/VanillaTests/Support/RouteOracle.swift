// SPDX-License-Identifier: MIT

/// A second opinion on which route a request takes: as slow and as simple as the rules are written,
/// one route after the other and one segment after the other.
struct RouteOracle {
    struct Route {
        let methods: [String]
        let path: String
        fileprivate let segments: [Segment]

        init(methods: [String], path: String) {
            self.methods = methods
            self.path = path
            segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map
            {
                switch $0.first {
                case ":": .parameter
                case "*": .rest
                default: .literal(symbols(Array($0.utf8)) ?? [])
                }
            }
        }
    }

    enum Verdict: Equatable {
        /// The index of the route and its parameters, as they were sent.
        case route(Int, [String])
        case miss(status: Int, allowed: [String])
    }

    let routes: [Route]

    /// Whether two routes match the same requests.
    var hasConflict: Bool {
        routes.indices.contains { first in
            routes[..<first].contains { second in
                routes[first].segments == second.segments
                    && !Set(routes[first].methods).isDisjoint(with: second.methods)
            }
        }
    }

    func verdict(method: String, path: String) -> Verdict {
        let raw = path.utf8.dropFirst()
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
        var segments: [[Symbol]] = []
        for segment in raw {
            guard let symbols = symbols(segment) else { return .miss(status: 400, allowed: []) }
            segments.append(symbols)
        }
        let matching = routes.indices.filter { matches(routes[$0].segments, segments) }
        if matching.isEmpty { return .miss(status: 404, allowed: []) }

        let able = matching.filter { serves(routes[$0], method) }
        guard let best = able.min(by: { isPreferred(routes[$0], routes[$1], method) }) else {
            var allowed = Set(matching.flatMap { routes[$0].methods })
            if allowed.contains("GET") { allowed.insert("HEAD") }
            allowed.insert("OPTIONS")
            return .miss(status: method == "OPTIONS" ? 204 : 405, allowed: allowed.sorted())
        }
        return .route(best, parameters(routes[best].segments, raw))
    }
}

private enum Segment: Hashable {
    case literal([Symbol])
    case parameter, rest

    var rank: Int {
        switch self {
        case .literal: 0
        case .parameter: 1
        case .rest: 2
        }
    }
}

private enum Symbol: Hashable {
    case byte(UInt8)
    /// The escape of a character that differs from it.
    case escaped(UInt8)
}

/// What a segment spells; `nil` for a broken escape.
private func symbols(_ segment: [UInt8]) -> [Symbol]? {
    var symbols: [Symbol] = []
    var rest = segment[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            symbols.append(.byte(byte))
            continue
        }
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        guard digits.count == 2, digits.allSatisfy(\.isHexDigit),
            let value = UInt8(digits, radix: 16)
        else { return nil }
        rest = rest.dropFirst(2)
        symbols.append(":/?#[]@!$&'()*+,;=%".utf8.contains(value) ? .escaped(value) : .byte(value))
    }
    return symbols
}

private func matches(_ route: [Segment], _ path: [[Symbol]]) -> Bool {
    if route.last == .rest ? path.count < route.count : path.count != route.count { return false }
    return zip(route, path).allSatisfy { segment, symbols in
        switch segment {
        case .literal(let literal): literal == symbols
        case .parameter: !symbols.isEmpty
        case .rest: true
        }
    }
}

private func serves(_ route: RouteOracle.Route, _ method: String) -> Bool {
    route.methods.contains(method) || method == "HEAD" && route.methods.contains("GET")
}

private func isPreferred(
    _ one: RouteOracle.Route, _ other: RouteOracle.Route, _ method: String
) -> Bool {
    for (a, b) in zip(one.segments, other.segments) where a.rank != b.rank {
        return a.rank < b.rank
    }
    // The same paths: HEAD prefers its own route.
    return one.methods.contains(method) && !other.methods.contains(method)
}

private func parameters(_ route: [Segment], _ path: [[UInt8]]) -> [String] {
    var found: [String] = []
    for (index, segment) in route.enumerated() {
        switch segment {
        case .literal: continue
        case .parameter: found.append(String(decoding: path[index], as: UTF8.self))
        case .rest:
            let rest = path[index...].joined(separator: [UInt8(ascii: "/")])
            found.append(String(decoding: Array(rest), as: UTF8.self))
        }
    }
    return found
}
