// error: assigning non-escaping parameter 'next' to an '@escaping' closure
import Vanilla

func makeRouter() throws -> Router {
    try Router { routes in
        var kept: Server.Handler?
        routes.use { request, response, next in
            kept = next
            try kept?(request, &response)
        }
    }
}
