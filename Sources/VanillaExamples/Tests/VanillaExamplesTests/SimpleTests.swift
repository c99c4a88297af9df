// SPDX-License-Identifier: MIT

import Testing
import Vanilla

@testable import SimpleExample

@Suite struct SimpleTests {
    private let example: Example

    init() throws {
        example = try Example(.simple())
    }

    @Test(arguments: userRoutes)
    func answersItsRoutes(request: String, status: Int, contentType: String?, body: String) {
        example.expect(status, contentType, body, of: request)
    }

    @Test(arguments: methodsOfUserRoutes)
    func refusesOtherMethods(path: String, method: String, allowed: String) {
        example.expectRefusal(of: method, at: path, allowing: allowed)
    }

    @Test(arguments: ["/", "/user/12"])
    func answersHeadAsGetWithoutTheBody(path: String) {
        example.expectHeadLikeGet(at: path)
    }
}
