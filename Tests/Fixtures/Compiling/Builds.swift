// What docs/WHEN_IT_DOES_NOT_COMPILE.md says that builds, with and without the upcoming feature
// NonisolatedNonsendingByDefault.
import Vanilla

actor Users {
    private var names = ["ada"]

    func find(_ path: String) -> String? { names.first { path.hasSuffix($0) } }
}

final class Pool: Sendable {
    func query() async throws -> String { "" }
}

@MainActor var title = "a title"

@MainActor func heading() -> String { title }

func hello(_ request: Request, _ response: inout ResponseWriter) throws {
    response.send("Hello from \(request.path)")
}

func pathWithoutSlash(_ request: Request) -> String {
    String(request.path.dropFirst())
}

func describe(_ request: Request) async -> String {
    await Task.yield()
    return "\(request.method) \(request.path)"
}

func answer(_ request: Request, _ response: inout ResponseWriter, from pool: Pool) async throws {
    response.send(try await pool.query())
}

let requireHost: @Sendable (Request, inout ResponseWriter, Server.Handler) throws -> Void = {
    request, response, next in
    guard request.headers[.host] != nil else { throw RequestError(.badRequest) }
    try next(request, &response)
}

func requireAgent(
    _ request: Request, _ response: inout ResponseWriter, _ next: Server.Handler
) throws {
    guard request.headers[.userAgent] != nil else { throw RequestError(.badRequest) }
    try next(request, &response)
}

enum Access {
    static func requireToken(
        _ request: Request, _ response: inout ResponseWriter, _ next: Server.Handler
    ) throws {
        guard request.headers[.authorization] != nil else { throw RequestError(.unauthorized) }
        try next(request, &response)
    }
}

struct Controller: Sendable {
    let pool: Pool
    let users: Users

    static func index(_ request: Request, _ response: inout ResponseWriter) {
        response.send("index")
    }

    func list(_ request: Request, _ response: inout ResponseWriter) throws {
        response.send("list")
    }

    func show(_ request: Request, _ response: inout ResponseWriter) async throws {
        response.send(try await pool.query())
    }

    func write(_ piece: [UInt8], to response: inout ResponseWriter) async throws {
        try await response.write(piece)
    }

    func makeRouter() throws -> Router {
        try Router { [self] routes in
            routes.use(Access.requireToken)
            routes.use(requireHost)
            routes.use { request, response, next in try requireAgent(request, &response, next) }
            routes.get("/", Controller.index)
            routes.get("/hello") { request, response in try hello(request, &response) }
            routes.get("/list", list)
            routes.get("/show", show)
            routes.get("/pool") { [pool] request, response in
                response.send(try await pool.query())
            }
            routes.get("/self") { [self] request, response in
                response.send(try await pool.query())
            }
            routes.get("/helpers") { request, response in
                let text = await describe(request)
                if text.isEmpty { try await answer(request, &response, from: pool) }
                response.send(text)
            }
            routes.get("/users/:name") { request, response in
                let path = String(request.path)
                guard let name = await users.find(path) else { throw RequestError(.notFound) }
                response.send(name)
            }
            routes.get("/title") { _, response in response.send(await heading()) }
            routes.get("/child") { request, response in
                let path = pathWithoutSlash(request)
                async let reversed = String(path.reversed())
                response.send(await reversed)
            }
            routes.get("/later") { request, response in
                let path = pathWithoutSlash(request)
                let completion = response.sendLater()
                Task { completion.finish { response in response.send(path) } }
            }
            routes.get("/all") { request, response in
                var paths = [String(request.path), "\(request.target)"]
                request.headers.forEach { header in paths.append(String(header.name)) }
                print("\(request.path)")
                response.send(paths.joined(separator: " "))
            }
            routes.get("/count", countingHandler())
            routes.post("/upper", body: .streamed) { [self] request, response in
                try response.begin(contentType: .text)
                for try await piece in request.bodyStream {
                    try await write(piece, to: &response)
                }
            }
            routes.post("/length", body: .streamed) { request, response in
                let body = try await request.collectBody(upTo: 1000)
                response.send("\(body.count) of \(String(body))")
            }
        }
    }
}

/// Of one worker: called in the closure of a router.
func countingHandler() -> Server.Handler {
    var count = 0
    return { request, response in
        count += 1
        switch request.method {
        case .get: response.send(String(count))
        default: response.send(status: .methodNotAllowed)
        }
    }
}

func makeServerWithoutRouter(pool: Pool) throws -> Server {
    try Server(port: 0) { request, response in
        try response.run(for: request) { request, response in
            response.send(try await pool.query())
        }
    }
}
