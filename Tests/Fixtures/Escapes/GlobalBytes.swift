// error: lifetime-dependent value escapes its scope
import Vanilla

nonisolated(unsafe) var kept: Bytes?

func makeServer() throws -> Server {
    try Server(port: 0) { request, response in
        kept = request.path
        response.send("")
    }
}
