// error: lifetime-dependent variable 'path' escapes its scope
import Vanilla

func handle(_ request: Request, _ response: inout ResponseWriter) {
    var later: () -> Int = { 0 }
    let path = request.path
    later = { path.count }
    response.send("\(later())")
}
