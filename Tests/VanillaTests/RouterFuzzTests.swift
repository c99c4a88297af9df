// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// Routes and requests drawn at random, against a second opinion.
@Suite struct RouterFuzzTests {
    private static let knownSeeds: [UInt64] = isSanitized ? [1] : [1, 2]
    /// A failure names the seed: put it here to see it again.
    private static let seeds = knownSeeds + [.random(in: 0 ... .max)]
    private static let tablesOfASeed = 50
    private static let requestsOfATable = 150

    @Test(arguments: seeds)
    func agreesWithTheOracle(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var verdicts: [Int: Int] = [:]
        var conflicts = 0
        for table in 0..<RouterFuzzTests.tablesOfASeed {
            let drawn = random.routes()
            let oracle = RouteOracle(routes: drawn)
            if oracle.hasConflict {
                conflicts += 1
                #expect(throws: RouteError.self, "seed \(seed), table \(table): \(drawn)") {
                    _ = try makeServer(drawn)
                }
                continue
            }
            let server = try makeServer(drawn)
            for _ in 0..<RouterFuzzTests.requestsOfATable {
                let (method, path) = (random.method(), random.path(like: drawn))
                let answer = server.answer(get(path, method: method))
                let expected = oracle.verdict(method: method, path: path)
                verdicts[answer.status, default: 0] += 1
                guard answer.verdict == expected else {
                    Issue.record(
                        """
                        seed \(seed), table \(table), \(method) \(path): \(answer.verdict), not \
                        \(expected), of \(drawn.map { "\($0.methods) \($0.path)" })
                        """)
                    return
                }
            }
        }
        // Each way to end was taken often; of any seed that is only likely.
        guard RouterFuzzTests.knownSeeds.contains(seed) else { return }
        for status in [200, 204, 400, 404, 405] {
            #expect(verdicts[status, default: 0] > 100, "seed \(seed): \(verdicts)")
        }
        #expect(conflicts > 0, "seed \(seed)")
    }

    /// A server whose routes say which they are, and what they were given, in fields: the answer to
    /// HEAD has them, too.
    private func makeServer(_ drawn: [RouteOracle.Route]) throws -> Server {
        try routed { routes in
            for (index, route) in drawn.enumerated() {
                routes.on(route.methods.map { Method($0) }, route.path) { request, response in
                    try response.headers.add("X-Route", "\(index)")
                    for name in ["p0", "p1", "p2", "p3", "p4"] as [StaticString] {
                        guard let value = request.parameters[name, as: Bytes.self] else { continue }
                        try response.headers.add("X-Parameter", value)
                    }
                    response.send("")
                }
            }
        }
    }
}

extension Answer {
    fileprivate var verdict: RouteOracle.Verdict {
        guard let route = self["X-Route"].flatMap({ Int($0) }) else {
            let allowed = self["Allow"]?.split(separator: ",").map { $0.drop { $0 == " " } } ?? []
            return .miss(status: status, allowed: allowed.map { String($0) })
        }
        return .route(route, fields.filter { $0.name == "X-Parameter" }.map(\.value))
    }
}

/// Few and alike, so that they meet, and written in several ways.
private let pieces = [
    "a", "b", "ab", "abc", "aab", "%61", "a%62", "%41", "A", "é", "%C3%A9", "%c3%a9", "@", "%40",
    "%2F", "%2f", "a%2Fb", "a%2fb", "%252F", "%25", "..", ".", "a%20", "%00",
]
/// Not in a route.
private let brokenPieces = ["%", "%4", "%zz", "a%", "%2", "%%61"]

extension SeededGenerator {
    mutating func method() -> String {
        ["GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PURGE", "BREW"].randomElement(
            using: &self)!
    }

    mutating func routes() -> [RouteOracle.Route] {
        var routes: [RouteOracle.Route] = []
        for _ in 0..<Int.random(in: 0...24, using: &self) {
            let route = self.route()
            // Most conflicts are left out, so that most tables have none.
            let wouldConflict = RouteOracle(routes: routes + [route]).hasConflict
            if !wouldConflict || Int.random(in: 0..<3, using: &self) == 0 { routes.append(route) }
        }
        return routes
    }

    private mutating func route() -> RouteOracle.Route {
        var path = ""
        var parameters = 0
        let count = Int.random(in: 1...4, using: &self)
        for index in 0..<count {
            switch Int.random(in: 0..<10, using: &self) {
            case 0..<6: path += "/" + pieces.randomElement(using: &self)!
            case 6..<8:
                path += "/:p\(parameters)"
                parameters += 1
            case 8 where index == count - 1: path += "/*p\(parameters)"
            default: path += "/"
            }
        }
        let all = ["GET", "POST", "HEAD", "PURGE"]
        let methods = all.filter { _ in Int.random(in: 0..<3, using: &self) == 0 }
        return RouteOracle.Route(methods: methods.isEmpty ? ["GET"] : methods, path: path)
    }

    /// A path near one of the routes, or any.
    mutating func path(like routes: [RouteOracle.Route]) -> String {
        guard let route = routes.randomElement(using: &self),
            Int.random(in: 0..<8, using: &self) > 0
        else { return "/" + segment() }
        var path = ""
        for segment in route.path.split(separator: "/", omittingEmptySubsequences: false)
            .dropFirst()
        {
            let isTaken = Int.random(in: 0..<6, using: &self) > 0
            // A target holds no raw bytes beyond ASCII.
            let isLiteral =
                segment.first != ":" && segment.first != "*" && segment.utf8.allSatisfy { $0 < 128 }
            path += "/" + (isTaken && isLiteral ? String(segment) : self.segment())
        }
        while Int.random(in: 0..<6, using: &self) == 0 { path += "/" + segment() }
        return path
    }

    private mutating func segment() -> String {
        if Int.random(in: 0..<16, using: &self) == 0 { return "" }
        if Int.random(in: 0..<24, using: &self) == 0 {
            return brokenPieces.randomElement(using: &self)!
        }
        return pieces.filter { $0 != "é" }.randomElement(using: &self)!
    }
}
