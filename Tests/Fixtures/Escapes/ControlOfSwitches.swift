// builds
// What programs may do with types that grow: match them with a default, keep and compare them.
import Vanilla

func describe(_ request: Request) -> String {
    let method =
        switch request.method {
        case .get, .head: "read"
        case Method("PURGE"): "purge"
        default: "\(request.method)"
        }
    return request.version < .http1_1 ? method + " in 1.0" : method
}

func isTemporary(_ error: any Error) -> Bool {
    switch error {
    case let error as ServerError where error.kind == .addressInUse: true
    case let error as EventError:
        switch error.kind {
        case .backlogFull, .outOfMemory: true
        default: false
        }
    case is RouteError, is ResponseError: false
    default: false
    }
}

func send(_ subtype: String, _ response: inout ResponseWriter) throws {
    let name = try HeaderName("X-" + subtype)
    response.headers.add(name, "literal")
    response.send("", contentType: try ContentType("image/" + subtype))
}
