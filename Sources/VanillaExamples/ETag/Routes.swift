// SPDX-License-Identifier: MIT

import Vanilla
import VanillaDigest

extension Router {
    /// What this example serves.
    static func etag() throws(RouteError) -> Router {
        try Router { routes in
            routes.get("/") { _, response in
                response.send("", contentType: .json)
            }
            routes.post("/user") { _, response in
                response.send(status: .created)
            }
            routes.get("/user/:id") { request, response in
                let id = try request.parameters.require("id", as: Bytes.self)
                response.headers.add(.accessControlAllowOrigin, "*")
                response.send(id, etag: ETag(md5: id), contentType: .plainText)
            }
            let tag = ETag(hashing: demonstration.description)
            for path in ["/demo", "/index.html"] {
                routes.get(path) { _, response in
                    response.send(demonstration, etag: tag, contentType: .html)
                }
            }
        }
    }
}
