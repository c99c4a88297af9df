// SPDX-License-Identifier: MIT

import Vanilla

/// What this example serves.
enum Routes {
    /// Answers every request of this example.
    @Sendable
    static func respond(to request: Request, _ response: inout ResponseWriter) {
        switch request.path {
        case "/":
            switch request.method {
            case .get, .head: response.send("", contentType: .json)
            default: refuseMethod(&response, allow: "GET, HEAD")
            }
        case "/user":
            switch request.method {
            case .post: response.send(status: .created)
            default: refuseMethod(&response, allow: "POST")
            }
        case let path where isUser(path):
            switch request.method {
            case .get, .head: response.send(path.dropFirst(6), contentType: .plainText)
            default: refuseMethod(&response, allow: "GET, HEAD")
            }
        default:
            response.send(status: .notFound)
        }
    }

    /// Whether the path is `/user/<id>`, with an id of one segment.
    private static func isUser(_ path: Bytes) -> Bool {
        guard let id = path.dropping(prefix: "/user/") else { return false }
        return !id.isEmpty && id.firstIndex(of: UInt8(ascii: "/")) == nil
    }

    private static func refuseMethod(_ response: inout ResponseWriter, allow methods: StaticString)
    {
        response.addField(.allow, methods)
        response.send(status: .methodNotAllowed)
    }
}
