// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@Suite struct MethodTests {
    @Test(
        arguments: [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
            ("OPTIONS", .options),
            ("TRACE", .trace), ("PATCH", .patch), ("CONNECT", .connect), ("PURGE", .other("PURGE")),
            ("get", .other("get")),
        ] as [(String, Method)])
    func hasTheNameThatIsSent(name: String, method: Method) {
        #expect(Method(name) == method)
        #expect(method.description == name)
    }
}
