// error: lifetime-dependent variable 'piece' escapes its scope
import Vanilla

func handle(_ request: Request, _ response: inout ResponseWriter) {
    var kept = Bytes(Span())
    response.receiveBody { piece, response in
        kept = piece.bytes
        return .more
    }
    response.send("\(kept.count)")
}
