// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla
import VanillaExampleOptions
import VanillaJSON

/// A server that tells its clients what it understood of their forms, cookies and JSON, and that
/// fails when it is asked to.
@main
struct FormServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "form-server", abstract: "The server of the tests of forms, cookies and JSON.")

    @OptionGroup var options: ServerOptions

    func run() throws {
        try options.serve { configuration in
            try Server(configuration: configuration) { request, response in
                try respond(to: request, &response)
            }
        }
    }
}

/// `/json` takes and gives this.
private struct Order: Codable {
    let article: String
    let count: Int
    let tags: [String]?
}

/// `/fail` is answered with 500, and this goes to the log.
private struct Failure: Error {
    let text: String
}

/// A value of any shape, which is not looked at.
private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}

@Sendable
private func respond(to request: Request, _ response: inout ResponseWriter) throws {
    switch request.path {
    case "/form": try tell(request.form(), &response)
    case "/query": try tell(request.query, &response)
    case "/cookies": try tellCookies(request, &response)
    case "/login": try logIn(request, &response)
    case "/logout":
        try response.deleteCookie(Cookie("user"))
        response.send("")
    case "/json": try response.send(json: request.decode(Order.self), status: .created)
    case "/check":
        _ = try request.decode(Anything.self)
        response.send("")
    case "/lookups": try lookUp(request, &response)
    case "/fail": throw Failure(text: String(request.queryBytes))
    case "/": response.send("Hello, World!")
    default: response.send(status: .notFound)
    }
}

/// Answers with an array of names and values.
private func tell(_ items: Request.QueryItems, _ response: inout ResponseWriter) throws {
    var told: [[String]] = []
    items.forEach { item in told.append([item.decodedName, item.decodedValue]) }
    try response.send(json: told)
}

/// Answers with an array of names and values.
private func tellCookies(_ request: Request, _ response: inout ResponseWriter) throws {
    var told: [[String]] = []
    request.cookies.forEach { cookie in told.append([String(cookie.name), String(cookie.value)]) }
    try response.send(json: told)
}

/// Sets two cookies: who it is, as the form says, and another for a part of the site alone.
private func logIn(_ request: Request, _ response: inout ResponseWriter) throws {
    var user = Cookie("user", try request.form()["user"] ?? "")
    user.maxAge = 3600
    var theme = Cookie("theme", "dark")
    theme.path = "/cookies"
    theme.isHTTPOnly = false
    do throws(ResponseError) {
        try response.setCookie(user)
        try response.setCookie(theme)
    } catch {
        throw RequestError(.unprocessableContent, "The user has a name that no cookie can hold.")
    }
    response.send("")
}

/// Looks for names everywhere, and decodes a value into a buffer on the stack.
private func lookUp(_ request: Request, _ response: inout ResponseWriter) throws {
    let form = try request.form()
    let isThere =
        form.first(named: "second") != nil && form.first(named: "%zz") != nil
        && form.first(named: "missing") == nil
        && request.query.first(named: "path") != nil
        && request.query.first(named: "page")?.number() == 7
        && request.cookies["session", as: Bytes.self] != nil
        && request.cookies["missing", as: Bytes.self] == nil
    let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
        buffer.initialize(repeating: 0)
        var span = MutableSpan(_unsafeElements: buffer)
        return form.first(named: "last")?.decodeValue(into: &span)
    }
    response.send(status: isThere && count == 43 ? .ok : .badRequest)
}
