// error: escaping closure captures 'inout' parameter 'response'
import Vanilla

func makeServer() throws -> Server {
    try Server(port: 0) { request, response in
        Task { response.send("later") }
    }
}
