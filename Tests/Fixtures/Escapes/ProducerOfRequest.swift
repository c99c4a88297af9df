// error: lifetime-dependent variable 'request' escapes its scope
import Vanilla

func makeServer() throws -> Server {
    try Server(port: 0) { request, response in
        response.stream { body in
            try body.write(request.path)
            return .done
        }
    }
}
