// error: lifetime-dependent variable 'parameters' escapes its scope
import Vanilla

func makeRouter() throws -> Router {
    try Router { routes in
        var later: () -> Int = { 0 }
        routes.get("/user/:id") { request, response in
            let parameters = request.parameters
            later = { parameters.count }
            response.send("\(later())")
        }
    }
}
