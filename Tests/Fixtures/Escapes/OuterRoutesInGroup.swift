// error: overlapping accesses to 'routes'
import Vanilla

func makeRouter() throws -> Router {
    try Router { routes in
        routes.group("/api") { api in
            routes.get("/users") { _, response in response.send("") }
        }
    }
}
