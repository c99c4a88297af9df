// error: requires that 'Bytes' conform to 'Escapable'
import Vanilla

func makeServer() throws -> Server {
    try Server(port: 0) { request, response in
        var paths = [request.path]
        paths.append(request.target)
        response.send("\(paths.count)")
    }
}
