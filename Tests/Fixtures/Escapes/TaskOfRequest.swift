// error: lifetime-dependent variable 'request' escapes its scope
import Vanilla

func makeServer() throws -> Server {
    try Server(port: 0) { request, response in
        Task { print(String(request.path)) }
        response.send("")
    }
}
