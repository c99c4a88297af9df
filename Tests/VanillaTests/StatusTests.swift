// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@Suite struct StatusTests {
    @Test(arguments: [200, 404, 599, 999])
    func takesAnyNumberOfAFinalResponse(code: Int) {
        #expect(Status(code: code).map { Int($0.code) } == code)
    }

    @Test(arguments: [Int.min, -1, 0, 99, 100, 199, 1000, 65736, Int.max])
    func refusesOtherNumbers(code: Int) {
        #expect(Status(code: code) == nil)
    }
}
