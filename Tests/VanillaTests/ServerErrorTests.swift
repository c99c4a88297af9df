// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@Suite struct ServerErrorTests {
    @Test func saysWhatFailedAndWhy() {
        do throws(ServerError) {
            _ = try Server(host: "local host", port: 1) { _, _ in }
            Issue.record("taken")
        } catch {
            #expect(error.kind == .invalidAddress && error.code != 0)
            #expect(error.description.contains("local host"))
            #expect("\(error)" == error.message)
        }
    }
}
