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
                response.send(try request.parameters.require("id"), contentType: .plainText)
            }
        }
    }
}
