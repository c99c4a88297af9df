// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaJSON
import VanillaTestSupport

@Suite struct ConcurrentDecodingTests {
    /// Tells on which worker it was decoded.
    private struct Witness: Decodable {
        let isOnWorker: Bool

        init(from decoder: any Decoder) throws {
            _ = try decoder.singleValueContainer().decode(String.self)
            isOnWorker = Worker.current != nil
        }
    }

    @Test(arguments: backends)
    func decodesOffTheWorkerAndComesBack(backend: Server.Backend) async throws {
        let router = try Router { routes in
            routes.post("/") { request, response in
                let before = Worker.current?.index
                let here = try request.decode(Witness.self)
                let there = try await request.decodeConcurrently(
                    Witness.self, maximumCount: 2 << 20)
                let isBack = before != nil && Worker.current?.index == before
                response.send("\(here.isOnWorker) \(there.isOnWorker) \(isBack)")
            }
            routes.post("/large") { request, response in
                let text = try await request.decodeConcurrently(String.self, maximumCount: 4 << 20)
                response.send("\(text.utf8.count)")
            }
        }
        // Other tests may have all of the threads that decode, for as long as they run.
        var configuration = local(backend)
        configuration.deadlines.handler = .seconds(600)
        let server = try Server(configuration: configuration, router: router)
        let type = "Content-Type: application/json"
        let large = "\"\(String(repeating: "a", count: 3 << 20))\""
        let answers = try await onAThreadOfItsOwn {
            try server.answers(
                [
                    post("/", "\"a\"", fields: type),
                    post("/", "1", fields: type),
                    post("/", "[", fields: type),
                    post("/", "\"a\"", fields: type, "Content-Encoding: gzip"),
                    post("/large", large, fields: type),
                    post("/large", large + "x", fields: type),
                    post("/", large, fields: type),
                ], deadline: .seconds(600))
        }
        #expect(answers.map(\.status) == [200, 422, 400, 415, 200, 400, 413])
        #expect(answers[0].text == "true false true")
        #expect(answers[1].text == "The body must be a string.")
        #expect(answers[4].text == "\(3 << 20)")
    }
}
