// SPDX-License-Identifier: MIT

import Vanilla

/// What it costs that a router with 1,000 routes finds the handler, beside calling the handler
/// directly. Everything but sockets is the same on both ways: `Server.handle`, one request for each
/// route in a row.
///
/// Without arguments it prints nanoseconds: medians over interleaved rounds. With a way (`direct`,
/// `routed`, `read`) and a number of rounds it only runs them, to be counted: the difference of
/// what `valgrind --tool=callgrind` says for N and 2N rounds, by N times the requests of a round.
@main
enum RouterBench {
    /// How a request comes to its handler.
    enum Way: String, CaseIterable {
        case direct, routed
        /// Routed, and the handler reads its parameters.
        case read

        func makeServer() throws -> Server {
            let configuration = Server.Configuration()
            return switch self {
            case .direct:
                try Server(configuration: configuration) { _, response in answer(&response) }
            case .routed:
                try Server(
                    configuration: configuration,
                    router: Router { routes in
                        for route in Table.routes {
                            routes.get(route.path) { _, response in answer(&response) }
                        }
                    })
            case .read:
                try Server(
                    configuration: configuration,
                    router: Router { routes in
                        for route in Table.routes {
                            routes.get(route.path) { request, response in
                                let parameters = request.parameters
                                let found =
                                    parameters["id", as: Bytes.self]?.count
                                    ?? parameters["path", as: Bytes.self]?.count
                                if found != 0 { answer(&response) }
                            }
                        }
                    })
            }
        }
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, let way = Way(rawValue: arguments[1]),
            let rounds = Int(arguments[2])
        {
            let server = try way.makeServer()
            let requests = Table.requests(Table.routes)
            for _ in 0..<rounds { _ = server.handle(requests) }
        } else {
            try measure()
        }
    }

    private static func measure() throws {
        let servers = try Way.allCases.map { try $0.makeServer() }
        print("nanoseconds a request: direct, more when routed, more when a parameter is read, too")
        let kinds = Table.Kind.allCases.map { kind in
            (kind.rawValue, Table.routes.filter { $0.kind == kind })
        }
        for (name, routes) in kinds + [("all \(Table.routes.count)", Table.routes)] {
            let requests = Table.requests(routes)
            var times: [[Double]] = Way.allCases.map { _ in [] }
            for _ in 0..<301 {
                for (way, server) in servers.enumerated() {
                    let time = ContinuousClock().measure { _ = server.handle(requests) }
                    times[way].append(time / .nanoseconds(routes.count))
                }
            }
            let medians = times.map { $0.sorted()[$0.count / 2] }
            // Each round's difference: what else the machine does hits both.
            let more = zip(times[0], times[1]).map { $1 - $0 }.sorted()
            let read = zip(times[0], times[2]).map { $1 - $0 }.sorted()
            print(
                "\(name): \(rounded(medians[0])) +\(rounded(more[more.count / 2])) +\(rounded(read[read.count / 2]))"
            )
        }
    }

    private static func answer(_ response: inout ResponseWriter) {
        response.send("ok", contentType: .plainText)
    }

    private static func rounded(_ time: Double) -> Double {
        (time * 10).rounded() / 10
    }
}

/// 1,000 routes as an application might have them: five for each of 200 resources.
enum Table {
    enum Kind: String, CaseIterable {
        case plain = "static"
        /// Beside the parameter of the next.
        case literal = "static beside a parameter"
        case one = "one parameter"
        case nested = "nested, two parameters"
        case rest = "rest"
    }

    struct Route {
        let kind: Kind
        let path: String
        let target: String
    }

    static let routes: [Route] = services.flatMap { service in
        resources.flatMap { resource in
            let path = "/api/v1/\(service)/\(resource)"
            return [
                Route(kind: .plain, path: path, target: path + "?page=2"),
                Route(kind: .literal, path: path + "/search", target: path + "/search"),
                Route(kind: .one, path: path + "/:id", target: path + "/8242619"),
                Route(
                    kind: .nested, path: path + "/:id/history/:version",
                    target: path + "/8242619/history/17"),
                Route(
                    kind: .rest, path: path + "/files/*path",
                    target: path + "/files/2026/11/invoice.pdf"),
            ]
        }
    }

    /// One request for each route, in a row.
    static func requests(_ routes: [Route]) -> [UInt8] {
        routes.flatMap { route in
            Array("GET \(route.target) HTTP/1.1\r\nHost: example.com\r\n\r\n".utf8)
        }
    }

    private static let services = [
        "accounts", "addresses", "audit", "banners", "billing", "campaigns", "carts", "catalog",
        "charges", "claims", "contacts", "contracts", "coupons", "customers", "devices", "disputes",
        "documents", "events", "exports", "imports", "inventory", "invoices", "locations",
        "messages",
        "notifications", "orders", "organizations", "partners", "payments", "permissions",
        "policies",
        "prices", "products", "projects", "refunds", "reports", "shipments", "subscriptions",
        "tickets", "users",
    ]
    private static let resources = ["archive", "comments", "items", "labels", "members"]
}
