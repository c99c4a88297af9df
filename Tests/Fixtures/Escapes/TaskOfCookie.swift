// error: lifetime-dependent variable 'theme' escapes its scope
import Vanilla

func handle(_ request: Request, _ response: inout ResponseWriter) {
    guard let theme = request.cookies["theme", as: Bytes.self] else { return response.send("") }
    Task { print(String(theme)) }
    response.send("")
}
