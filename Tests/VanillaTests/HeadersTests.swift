// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct FieldsTests {
    private let raw = get("/", fields: "X-A: 1", "x-a:2 ", "Accept: \ttext/html", "Empty:")

    @Test func findsTheFirstValueInAnyCase() throws {
        let server = try offline { request, response in
            func text(_ value: Bytes?) -> String {
                if let value { "[\(String(value))]" } else { "-" }
            }
            let fields = request.fields
            response.send(
                [
                    text(fields["X-A"]), text(fields["x-A"]), text(fields[.accept]),
                    text(fields[named: "EMPTY"]),
                    text(fields["Missing"]), text(fields[named: "not a token"]),
                    text(fields[named: ""]),
                    text(fields[.host]),
                ].joined())
        }
        #expect(server.answer(raw).text == "[1][1][text/html][]---[a]")
    }

    @Test func goesThroughAllLinesInOrder() throws {
        let server = try offline { request, response in
            var seen: [String] = []
            request.fields.forEach { field in
                seen.append("\(String(field.name))=\(String(field.value))")
            }
            response.send("\(request.fields.count) " + seen.joined(separator: ","))
        }
        #expect(server.answer(raw).text == "5 Host=a,X-A=1,x-a=2,Accept=text/html,Empty=")
    }

    @Test func goesThroughTheLinesOfOneName() throws {
        let server = try offline { request, response in
            var seen: [String] = []
            request.fields.forEach("x-a") { value in seen.append(String(value)) }
            response.send(seen.joined(separator: ","))
        }
        #expect(server.answer(raw).text == "1,2")
    }
}
