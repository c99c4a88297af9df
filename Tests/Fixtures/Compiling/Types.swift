// What docs/WHEN_IT_DOES_NOT_COMPILE.md says that does not build: each line after a comment has the
// error that the comment names, and no other line has one.
import Vanilla

func hello(_ request: Request, _ response: inout ResponseWriter) throws { response.send("") }

func requireAgent(
    _ request: Request, _ response: inout ResponseWriter, _ next: Server.Handler
) throws {
    try next(request, &response)
}

final class Counter {
    var count = 0
}

struct User: Sendable {
    let name: String
}

func find() async -> String { "" }

func shout(_ text: String) -> String { text.uppercased() }

// error: is not concurrency-safe because non-'Sendable' type
let requireHost: Routes.Middleware = { request, response, next in try next(request, &response) }

// error: must specify ownership
func help(_ request: Request, _ response: ResponseWriter) {}

// error: cannot return a ~Escapable result
func path(of request: Request) -> Bytes { request.path }

struct Kept {
    // error: cannot return a ~Escapable result
    let request: Request
}

// Each in a function of its own: the compiler gives up a closure at its first error.

func passGlobalFunction(_ routes: inout Routes) {
    // error: argument type 'ResponseWriter' does not conform to expected type 'Escapable'
    routes.get("/hello", hello)
}

func useGlobalFunction(_ routes: inout Routes) {
    // error: argument type 'ResponseWriter' does not conform to expected type 'Escapable'
    routes.use(requireAgent)
}

func shareObject(counter: Counter) throws -> Router {
    try Router { routes in
        routes.get("/") { _, response in
            // error: with non-Sendable type 'Counter' in a '@Sendable' closure
            counter.count += 1
            response.send("")
        }
    }
}

func shareVariable() throws -> Router {
    var count = 0
    return try Router { routes in
        routes.get("/") { _, response in
            // error: mutation of captured var 'count' in concurrently-executing code
            count += 1
            response.send("")
        }
    }
}

func printBytes(_ request: Request) {
    // error: argument type 'Bytes' does not conform to expected type 'Escapable'
    print(request.path)
}

func passBytesAsText(_ request: Request) -> String {
    // error: cannot convert value of type 'Bytes' to expected argument type 'String'
    shout(request.path)
}

func listBytes(_ request: Request) {
    // error: requires that 'Bytes' conform to 'Escapable'
    let all = [request.path]
}

func loop(_ request: Request) {
    // error: requires 'Request.Headers' to conform to 'Sequence'
    for header in request.headers { _ = header }
}

func sendValue(_ response: inout ResponseWriter) {
    // error: requires that 'User' conform to 'StringProtocol'
    response.send(User(name: "ada"))
}

func makeServer() throws -> Server {
    // error: to parameter expecting synchronous function type
    try Server(port: 0) { _, response in
        let text = await find()
        response.send(text)
    }
}

func loopWithoutWaiting(_ routes: inout Routes) {
    routes.post("/upload", body: .streamed) { request, response in
        var count = 0
        // error: requires 'Request.BodyStream' to conform to 'Sequence'
        for piece in request.bodyStream { count += piece.count }
        response.send("\(count)")
    }
}

func waitForWhatIsThere(_ routes: inout Routes) {
    routes.post("/upload") { request, response in
        var count = 0
        // error: requires 'Bytes' to conform to 'AsyncSequence'
        for try await piece in request.body { count += piece.count }
        response.send("\(count)")
    }
}

func waitInProducer(_ routes: inout Routes) {
    routes.get("/export") { _, response in
        // error: to parameter expecting synchronous function type
        response.stream { body in
            try body.write(await find())
            return .done
        }
    }
}

func forgetToWait(_ routes: inout Routes) {
    routes.get("/export") { _, response in
        // error: 'async' call in a function that does not support concurrency
        try response.write("text")
    }
}

func number(of name: String, _ request: Request) throws -> Int {
    // error: cannot convert value of type 'String' to expected argument type 'StaticString'
    try request.parameters.require(name, as: Int.self)
}
