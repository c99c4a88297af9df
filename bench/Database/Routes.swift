// SPDX-License-Identifier: MIT

import Vanilla

extension Router {
    /// The shapes of TechEmpower's database tests.
    static func database(_ store: Store) throws(RouteError) -> Router {
        try Router { routes in
            routes.get("/db", body: .ignored) { _, response in
                let row = try await store.findRow()
                var json = JSONText()
                json.append(row)
                response.send(json.bytes, contentType: .json)
            }
            routes.get("/queries/:count", body: .ignored) { request, response in
                let rows = try await store.findRows(count(of: request))
                response.send(JSONText(rows).bytes, contentType: .json)
            }
            routes.get("/updates/:count", body: .ignored) { request, response in
                let rows = try await store.changeRows(count(of: request))
                response.send(JSONText(rows).bytes, contentType: .json)
            }
            routes.get("/fortunes", body: .ignored) { _, response in
                let fortunes = try await store.listFortunes()
                response.send(FortunePage(fortunes).bytes, contentType: .html)
            }
        }
    }
}

/// How many rows a request wants: 1 to 500, whatever it says.
private func count(of request: borrowing Request) throws -> Int {
    min(max(try request.parameters.require("count", as: Int.self), 1), 500)
}
