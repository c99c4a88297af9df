// error: capture of 'counter' with non-Sendable type 'Counter' in a '@Sendable' closure
import Vanilla

final class Counter {
    var count = 0
}

func handle(_ request: Request, _ response: inout ResponseWriter) {
    let counter = Counter()
    response.sendLater().finish { response in
        counter.count += 1
        response.send("\(counter.count)")
    }
}
