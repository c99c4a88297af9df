// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct ContentTypeTests {
    @Test func isMadeOfTextThatIsKnownAtRunTime() throws {
        let shared = SharedBytes("shared")
        let server = try offline { request, response in
            let type = try ContentType("image/" + String(request.queryBytes))
            switch request.path {
            case "/text": response.send("a", contentType: type)
            case "/bytes": response.send([1, 2], contentType: type)
            case "/shared": response.send(shared, contentType: type)
            case "/etag": response.send("a", etag: "a", contentType: type)
            default:
                response.stream(contentType: type, length: 1) { body in
                    try body.write("a")
                    return .done
                }
            }
        }
        for path in ["/text", "/bytes", "/shared", "/etag", "/stream"] {
            #expect(server.answer(get(path + "?avif"))["Content-Type"] == "image/avif", "\(path)")
        }
    }

    @Test func answers500WhereAHandlerLetsARefusalThrough() throws {
        let server = try offline { request, response in
            let subtype = String(request.queryBytes.percentDecoded() ?? "")
            response.send("a", contentType: try ContentType("image/" + subtype))
        }
        #expect(server.answer(get("/?a%0D%0ASet-Cookie:%20b")).status == 500)
        #expect(server.answer(get("/?png")).status == 200)
    }

    @Test(arguments: [
        "text/csv; charset=utf-8", "text/csv;charset=utf-8", "text/csv ; a=\"b c\"", "a/b",
        "application/vnd.api+json", "text/csv;",
    ])
    func takesMediaTypes(text: String) throws {
        #expect(try ContentType(text).description == text)
    }

    @Test(arguments: [
        "", "text", "/", "text/", "/csv", "text /csv", "text/ csv", " text/csv", "text/csv ",
        "text/csv, text/html", "text/csv\r\nA: b", "text/csv; a=\u{7F}", "text/csv; a=\0", "é/a",
        "text/csv/x", "text/;a=b",
    ])
    func refusesWhatIsNoMediaType(text: String) {
        #expect {
            try ContentType(text)
        } throws: { error in
            (error as? ResponseError)?.kind == .invalidContent
        }
    }

    @Test func hasItsTextAsDescription() {
        let literal: ContentType = "image/svg+xml"
        #expect(literal.description == "image/svg+xml")
        #expect(ContentType.html.description == "text/html; charset=utf-8")
        #expect(ContentType.none.description.isEmpty)
    }
}
