// SPDX-License-Identifier: MIT

import Vanilla

extension Router {
    /// What this example serves.
    static func simple() throws(RouteError) -> Router {
        try Router { routes in
            routes.get("/") { _, response in
                response.send("", contentType: .json)
            }
            routes.post("/user") { _, response in
                response.send(status: .created)
            }
            routes.get("/user/:id") { request, response in
                let id = try request.parameters.require("id", as: Bytes.self)
                response.send(id, contentType: .plainText)
            }
        }
    }
}
