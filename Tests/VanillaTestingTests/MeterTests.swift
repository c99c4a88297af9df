// SPDX-License-Identifier: MIT

import Synchronization
import Testing
import Vanilla
import VanillaTesting

/// Counts exchanges by route, status and ending: as many counts as there are routes, whatever
/// clients ask for.
final class Meter: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func record(_ exchange: Server.EndedExchange) {
        let route = exchange.route.map { String($0) } ?? "-"
        let label = "\(route) \(exchange.status?.code ?? 0) \(exchange.ending)"
        counts.withLock { $0[label, default: 0] += 1 }
    }

    subscript(label: String) -> Int { counts.withLock { $0[label] ?? 0 } }
}

func makeMeteredServer(_ meter: Meter) throws -> Server {
    var configuration = Server.Configuration()
    configuration.limits.body = 100
    configuration.slowHandler = .milliseconds(20)
    configuration.onExchangeEnd = { exchange in meter.record(exchange) }
    configuration.onRefusal = { refusal, response in
        // What a browser shows to a page of another origin.
        guard let origin = refusal.request?.headers["Origin"] else { return }
        response.headers["Access-Control-Allow-Origin"] = origin
    }
    let router = try Router { routes in
        routes.get("/users/:id") { request, response in
            let id = try request.parameters.require("id", as: Int.self)
            response.send("User \(id)")
        }
        routes.post("/users") { request, response in response.send(request.body) }
    }
    return try Server(configuration: configuration, router: router)
}

@Suite struct MeterTests {
    @Test(arguments: [TestMode.inProcess, .socket])
    func countsByRoute(mode: TestMode) async throws {
        let meter = Meter()
        try await makeMeteredServer(meter).test(mode) { client in
            for id in 1...3 { try await client.get("/users/\(id)") }
            try await client.get("/users/x")
            try await client.get("/nowhere")
        }
        #expect(meter["/users/:id 200 delivered"] == 3)
        #expect(meter["/users/:id 404 delivered"] == 1)
        #expect(meter["- 404 delivered"] == 1)
    }

    @Test(arguments: [TestMode.inProcess, .socket])
    func answersWhatItRefusesToABrowser(mode: TestMode) async throws {
        let meter = Meter()
        try await makeMeteredServer(meter).test(mode) { client in
            let connection = client.connect()
            connection.send(
                """
                POST /users HTTP/1.1\r
                Host: localhost\r
                Origin: https://example.com\r
                Accept: application/json\r
                Content-Length: 101\r
                \r

                """)
            let answer = try await connection.readResponse()
            #expect(answer.status == .contentTooLarge)
            #expect(answer.headers["Access-Control-Allow-Origin"] == "https://example.com")
            #expect(answer.headers["Content-Type"] == "application/problem+json")
        }
        #expect(meter["- 413 delivered"] == 1)
    }
}
