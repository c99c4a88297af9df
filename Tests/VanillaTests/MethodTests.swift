// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

@Suite struct MethodTests {
    private static let named: [(String, Method)] = [
        ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
        ("OPTIONS", .options), ("TRACE", .trace), ("PATCH", .patch), ("CONNECT", .connect),
        ("PURGE", Method("PURGE")), ("get", Method("get")),
    ]

    @Test(arguments: MethodTests.named)
    func hasTheNameThatIsSent(name: String, method: Method) {
        #expect(Method(name) == method)
        #expect(Method(name).hashValue == method.hashValue)
        #expect(method.description == name)
    }

    @Test func differsFromEveryOther() {
        #expect(Set(MethodTests.named.map(\.1)).count == MethodTests.named.count)
        for (index, (_, method)) in MethodTests.named.enumerated() {
            for (other, _) in MethodTests.named.dropFirst(index + 1) {
                #expect(method != Method(other))
            }
        }
    }

    /// The numbers that Swift gives methods are those of the core. CONNECT reaches no handler.
    @Test(arguments: MethodTests.named.filter { $0.0 != "CONNECT" })
    func isWhatTheCoreSaysOfARequest(name: String, method: Method) throws {
        let server = try offline { request, response in
            response.send("\(request.method == method) \(request.method)")
        }
        let answer = server.answer(get("/", method: name))
        #expect(name == "HEAD" ? answer["Content-Length"] == "9" : answer.text == "true \(name)")
    }

    @Test func isMatchedByPatterns() {
        func kind(of method: Method) -> String {
            switch method {
            case .get, .head: "safe"
            case Method("PURGE"): "purge"
            default: "another"
            }
        }
        #expect(kind(of: .head) == "safe" && kind(of: Method("GET")) == "safe")
        #expect(kind(of: Method("PURGE")) == "purge" && kind(of: Method("purge")) == "another")
        #expect(kind(of: .post) == "another")
    }
}
