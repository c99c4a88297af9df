// As Types.swift, in a module whose code belongs to the main actor by default.
import Vanilla

func hello(_ request: Request, _ response: inout ResponseWriter) { response.send("") }

struct Controller {
    let name: String

    func list(_ request: Request, _ response: inout ResponseWriter) { response.send(name) }
}

nonisolated func greet(_ request: Request, _ response: inout ResponseWriter) { response.send("") }

func makeRouter() throws -> Router {
    try Router { routes in
        routes.get("/hello") { request, response in
            // error: in a synchronous nonisolated context
            hello(request, &response)
        }
        // error: loses global actor 'MainActor'
        routes.get("/list", Controller(name: "ada").list)
        routes.get("/greet") { request, response in greet(request, &response) }
    }
}
