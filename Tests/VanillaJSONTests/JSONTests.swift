// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaJSON
import VanillaTestSupport

@Suite struct JSONTests {
    private static let text =
        #"{"a":[null,true,1,-2.50,1e400,"x\n",[],{}],"b":{"c":18446744073709551616}}"#

    private func decode(_ text: String) throws -> JSON {
        try Bytes(Array(text.utf8).span).decodeJSON()
    }

    @Test func isWhateverTheBodyIs() throws {
        let value = try decode(JSONTests.text)
        #expect(value["a"]?.array?.count == 8 && value["b"]?.object?.count == 1)
        #expect(value["a"]?[0] == .null && value["a"]?[0]?.isNull == true)
        #expect(value["a"]?[1]?.bool == true && value["a"]?[2]?.number?.int == 1)
        #expect(value["a"]?[3]?.number?.double == -2.5 && value["a"]?[3]?.number?.int == nil)
        #expect(value["a"]?[5]?.string == "x\n" && value["a"]?[6] == [] && value["a"]?[7] == [:])
        #expect(value["a"]?[8] == nil && value["a"]?[-1] == nil && value["a"]?["x"] == nil)
        #expect(value["b"]?[0] == nil && value["z"] == nil && value.string == nil)
    }

    /// What no type of Swift holds is still there.
    @Test func keepsNumbersAsTheyAreWritten() throws {
        let value = try decode(JSONTests.text)
        #expect(value["a"]?[4]?.number?.description == "1e400")
        #expect(value["a"]?[4]?.number?.double == nil && value["a"]?[4]?.number?.int == nil)
        #expect(value["b"]?["c"]?.number?.int == nil)
        #expect(value["b"]?["c"]?.number?.whole(as: UInt128.self) == 1 << 64)
        #expect(try decode("1") != decode("1.0") && decode("1") == 1)
        #expect(JSON.Number(Double.infinity) == nil && JSON.Number(0.5)?.description == "0.5")
    }

    @Test func isWrittenByLiterals() throws {
        let value: JSON = ["a": [nil, true, 1, "x"], "b": [:]]
        #expect(try decode(#"{"b":{},"a":[null,true,1,"x"]}"#) == value)
    }

    @Test func goesThroughOtherCoders() throws {
        let text = #"{"a":[null,true,1,-2.5,"x",[],{}],"b":18446744073709551615,"c":0.1}"#
        let value = try decode(text)
        #expect(try JSONDecoder().decode(JSON.self, from: Data(text.utf8))["a"] == value["a"])
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
        #expect(throws: EncodingError.self) { try encoder.encode(try decode("1e400")) }
    }

    @Test func isReadAndAnswered() throws {
        let server = try offline { request, response in
            try response.send(json: request.decode(JSON.self))
        }
        let answer = server.answer(post("/", #" {"a" : [1,{}]}"#, fields: "Content-Type: a/b+json"))
        #expect(answer.status == 200 && answer.text == #"{"a":[1,{}]}"#)
    }

    /// In one pass, on the stack of a worker.
    @Test(arguments: backends)
    func isAsDeepAsCanBeAskedFor(backend: Server.Backend) throws {
        let server = try Server(configuration: local(backend)) { request, response in
            _ = try request.decode(JSON.self, maximumNesting: .max)
            response.send("")
        }
        let requests = [500, 501].map { depth in
            post(
                "/", String(repeating: "[", count: depth) + String(repeating: "]", count: depth),
                fields: "Content-Type: application/json")
        }
        #expect(try server.answers(requests).map(\.status) == [200, 400])
    }
}
