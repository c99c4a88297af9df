// As Types.swift: what the compiler sees once the types are right.
import Vanilla

actor Users {
    func find(_ request: Request) -> String { String(request.path) }

    func keep(_ picture: Request.BodyStream) {}
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
        routes.post("/picture", body: .streamed) { request, response in
            // error: sending 'request.bodyStream' risks causing data races
            await users.keep(request.bodyStream)
            response.send("")
        }
        routes.post("/count", body: .streamed) { request, response in
            let body = request.bodyStream
            // error: passing closure as a 'sending' parameter risks causing data races
            Task { for try await piece in body { print(piece.count) } }
            try await request.collectBody(upTo: 1)
            response.send("")
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
