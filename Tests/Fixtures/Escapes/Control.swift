// builds
// What handlers may do: read, pass on, answer, and keep copies.
import Vanilla

final class Seen {
    var paths: [String] = []
}

func help(_ request: Request, _ response: inout ResponseWriter) throws {
    var items = request.query
    while let item = items.next() {
        try response.headers.add("X-Item", item.name)
    }
    if let name = try request.form().first(named: "name") {
        try response.headers.add("X-Name", name.value)
    }
    if let theme = request.cookies["theme", as: Bytes.self] {
        try response.headers.add("X-Theme", theme)
    }
    if let host = request.headers[.host, as: Bytes.self] {
        try response.headers.add("X-Host", host)
    }
    response.send(request.body)
}

func makeServer() throws -> Server {
    try Server(configuration: Server.Configuration()) { worker in
        let seen = Seen()
        return { request, response in
            seen.paths.append(String(request.path))
            switch request.path {
            case "/": response.send("Hello, World!")
            case let path where path.hasPrefix("/user/"): response.send(path.dropFirst(6))
            default: try help(request, &response)
            }
        }
    }
}

func makeSharedServer() throws -> Server {
    try Server(port: 0) { request, response in
        let path = String(request.path)
        let exchange = response.sendLater()
        Task { exchange.finish { response in response.send(path) } }
    }
}
