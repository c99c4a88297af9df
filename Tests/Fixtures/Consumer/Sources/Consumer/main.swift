import Vanilla
import VanillaJSON
import VanillaTesting

let server = try Server(port: 0) { request, response in
    switch request.path {
    case "/": response.send("Hello, World!")
    case let path where path.hasPrefix("/user/"):
        response.send(path.dropFirst(6), contentType: .text)
    case "/json": try response.send(json: [1, 2])
    default: response.send(status: .notFound)
    }
}
for path in ["/", "/user/7", "/json", "/nowhere"] {
    let request = Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    let answer = server.handle(request)
    let lines = String(decoding: answer, as: UTF8.self).split(
        separator: "\r\n", omittingEmptySubsequences: false)
    print(lines[0], lines[lines.count - 1])
    if path == "/" { print(try server.test([request])[0].count == answer.count) }
}
