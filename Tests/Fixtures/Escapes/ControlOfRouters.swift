// builds
// What routers may do: state of each worker, functions as handlers, parameters, middleware.
import Vanilla

final class Counter {
    var count = 0
}

enum Users {
    static func find(_ request: Request, _ response: inout ResponseWriter) throws {
        let id = try request.parameters.require("id", as: UInt32.self, else: .badRequest)
        let team: Bytes? = request.parameters["team", as: Bytes.self]
        guard let team, !team.isEmpty else { throw RequestError(.notFound) }
        response.send("\(String(team)) \(id)")
    }
}

enum Tokens {
    static func require(
        _ request: Request, _ response: inout ResponseWriter, next: Server.Handler
    ) throws {
        guard request.headers[.authorization] != nil else { throw RequestError(.unauthorized) }
        try next(request, &response)
    }
}

func makeServer() throws -> Server {
    let pages = ["/about": "About", "/help": "Help"]
    let router = try Router { routes in
        let counter = Counter()
        var reads = 0
        for (path, page) in pages {
            routes.get(path) { _, response in response.send(page) }
        }
        routes.use { request, response, next in
            counter.count += 1
            try next(request, &response)
        }
        routes.get("/count") { _, response in
            reads += 1
            response.send("\(counter.count) \(reads)")
        }
        routes.group("/teams/:team") { team in
            team.use(Tokens.require)
            team.get("/users/:id", Users.find)
        }
        routes.fallback { request, response, miss in
            response.send(request.path, status: miss.status, contentType: .plainText)
        }
    }
    return try Server(port: 0, router: router)
}
