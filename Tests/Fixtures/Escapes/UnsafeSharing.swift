// error: capture of 'counter' with non-Sendable type 'Counter' in a '@Sendable' closure
import Vanilla

final class Counter {
    var count = 0
}

func makeServer() throws -> Server {
    let counter = Counter()
    return try Server(port: 0) { request, response in
        counter.count += 1
        response.send("\(counter.count)")
    }
}
