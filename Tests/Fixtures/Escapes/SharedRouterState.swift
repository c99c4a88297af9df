// error: capture of 'counter' with non-Sendable type 'Counter' in a '@Sendable' closure
import Vanilla

final class Counter {
    var count = 0
}

func makeRouter() throws -> Router {
    let counter = Counter()
    return try Router { routes in
        routes.get("/") { request, response in
            counter.count += 1
            response.send("\(counter.count)")
        }
    }
}
