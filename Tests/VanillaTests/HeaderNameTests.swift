// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct FieldNameTests {
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
            let name = try FieldName("X-Number-" + number)
            try response.addField(name, number)
            response.addField(name, "literal")
            let sent = if let value = request.fields[name] { String(value) } else { "none" }
            response.send("\(name) \(sent)")
        }
        let answer = server.answer(get("/7", fields: "x-NUMBER-7: seven"))
        #expect(answer.text == "X-Number-7 seven")
        #expect(answer.fields.filter { $0.name == "X-Number-7" }.map(\.value) == ["7", "literal"])
    }

    @Test(arguments: ["", "A B", "A:", "A\r\nB", "Ä", "A\0", "\"A\"", "A/B"])
    func refusesWhatIsNoToken(text: String) {
        #expect(kind { () throws(ResponseError) in _ = try FieldName(text) } == .invalidField)
        #expect(
            kind { () throws(ResponseError) in _ = try FieldName(Substring(text)) } == .invalidField
        )
    }

    @Test func takesEveryTokenByte() throws {
        let token = "!#$%&'*+-.^_`|~0189AZaz"
        #expect(try FieldName(token).description == token)
        #expect(try FieldName(String(repeating: "x", count: 1000)).description.utf8.count == 1000)
        #expect("\(FieldName.wwwAuthenticate)" == "WWW-Authenticate")
        let literal: FieldName = "X-Request-ID"
        #expect(literal.description == "X-Request-ID")
    }

    /// A copy of a name outlives the text that it was made of.
    @Test func ownsItsText() throws {
        var names: [FieldName] = []
        for number in 0..<100 { names.append(try FieldName("X-\(number)")) }
        #expect(names.map(\.description) == (0..<100).map { "X-\($0)" })
    }
}
