// As Types.swift: what the first lines of a program are isolated to.
import Vanilla

var hits = 0
let requireAnything: Routes.Middleware = { request, response, next in try next(request, &response) }

let router = try Router { routes in
    // error: can not be referenced from a nonisolated context
    routes.use(requireAnything)
    routes.get("/") { _, response in
        // error: can not be mutated from a nonisolated context
        hits += 1
        response.send("")
    }
}
