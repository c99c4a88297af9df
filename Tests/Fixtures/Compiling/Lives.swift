// As Types.swift: what the compiler sees once the types are right.
import Vanilla

actor Users {
    func find(_ request: Request) -> String { String(request.path) }
}

@MainActor func heading(_ request: Request) -> String { String(request.path) }

func makeRouter(users: Users) throws -> Router {
    try Router { routes in
        routes.get("/users/:name") { request, response in
            // error: sending 'request' risks causing data races
            response.send(await users.find(request))
        }
        routes.get("/title") { request, response in
            // error: sending 'request' risks causing data races
            response.send(await heading(request))
        }
        // error: lifetime-dependent variable 'request' escapes its scope
        routes.get("/task") { request, response in
            // error: passing closure as a 'sending' parameter risks causing data races
            Task { print(String(request.path)) }
            response.send("")
        }
        routes.get("/later") { _, response in
            // error: escaping closure captures 'inout' parameter 'response'
            Task { response.send("") }
        }
    }
}
