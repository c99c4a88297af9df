// SPDX-License-Identifier: MIT

import Testing

@testable import HexagonalExample

@Suite struct AddressLimitTests {
    @Test func countsEachAddress() {
        let limit = AddressLimit(maximum: 2)
        #expect(limit.begin("192.0.2.1") && limit.begin("192.0.2.1"))
        #expect(!limit.begin("192.0.2.1") && limit.begin("192.0.2.2"))
        limit.end("192.0.2.1")
        #expect(limit.begin("192.0.2.1") && !limit.begin("192.0.2.1"))
        for address in ["192.0.2.1", "192.0.2.1", "192.0.2.2"] { limit.end(address) }
        #expect(limit.clientCount == 0)
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:db8::2", true), ("2001:db8::1", "2001:db8:0:0:ffff::", true),
        ("2001:db8::1", "2001:db8:0:1::1", false), ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("::1", "::1", true),
    ])
    func takesHalfAnAddressOfIPv6(one: String, other: String, isSame: Bool) {
        let limit = AddressLimit(maximum: 1)
        #expect(limit.begin(one) && limit.begin(other) != isSame)
    }

    @Test func boundsNobodyWithoutAnAddress() {
        let limit = AddressLimit(maximum: 1)
        #expect(limit.begin(nil) && limit.begin(nil))
        limit.end(nil)
    }
}
