// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct HeaderNameTests {
    private func kind(_ body: () throws(ResponseError) -> Void) -> ResponseError.Kind? {
        do throws(ResponseError) {
            try body()
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func isMadeOfTextThatIsKnownAtRunTime() throws {
        let server = try offline { request, response in
            let number = String(request.path.dropFirst())
            let name = try HeaderName("X-Number-" + number)
            try response.headers.add(name, number)
            response.headers.add(name, "literal")
            let sent = request.headers[name] ?? "none"
            response.send("\(name) \(sent)")
        }
        let answer = server.answer(get("/7", fields: "x-NUMBER-7: seven"))
        #expect(answer.text == "X-Number-7 seven")
        #expect(answer.fields.filter { $0.name == "X-Number-7" }.map(\.value) == ["7", "literal"])
    }

    @Test(arguments: ["", "A B", "A:", "A\r\nB", "Ä", "A\0", "\"A\"", "A/B"])
    func refusesWhatIsNoToken(text: String) {
        #expect(kind { () throws(ResponseError) in _ = try HeaderName(text) } == .invalidHeader)
        #expect(
            kind { () throws(ResponseError) in _ = try HeaderName(Substring(text)) }
                == .invalidHeader
        )
    }

    @Test func takesEveryTokenByte() throws {
        let token = "!#$%&'*+-.^_`|~0189AZaz"
        #expect(try HeaderName(token).description == token)
        #expect(try HeaderName(String(repeating: "x", count: 1000)).description.utf8.count == 1000)
        #expect("\(HeaderName.wwwAuthenticate)" == "WWW-Authenticate")
        let literal: HeaderName = "X-Request-ID"
        #expect(literal.description == "X-Request-ID")
    }

    /// A copy of a name outlives the text that it was made of.
    @Test func ownsItsText() throws {
        var names: [HeaderName] = []
        for number in 0..<100 { names.append(try HeaderName("X-\(number)")) }
        #expect(names.map(\.description) == (0..<100).map { "X-\($0)" })
    }
}
