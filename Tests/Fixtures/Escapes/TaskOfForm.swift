// error: lifetime-dependent variable 'form' escapes its scope
import Vanilla

func handle(_ request: Request, _ response: inout ResponseWriter) throws {
    let form = try request.form()
    Task { print(form["name"] ?? "") }
    response.send("")
}
