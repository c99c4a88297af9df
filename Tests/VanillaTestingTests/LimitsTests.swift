// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTesting

/// Pictures of up to 4 MiB in one route, and little everywhere else; for clients that are not as
/// patient as the defaults.
func makePictureServer() throws -> Server {
    var configuration = Server.Configuration(address: .any(port: 3000))
    configuration.limits.body = 64 << 10
    configuration.limits.streamedBody = 4 << 20
    configuration.limits.fieldCount = 50
    configuration.deadlines.idle = .seconds(15)
    configuration.deadlines.handler = .milliseconds(50)
    let router = try Router { routes in
        routes.post("/comments") { request, response in response.send(status: .created) }
        routes.post("/pictures", body: .streamed) { request, response in
            var count = 0
            for try await piece in request.bodyStream { count += piece.count }
            response.send("\(count) bytes", status: .created)
        }
        routes.get("/slow") { request, response in
            try await Worker.current?.sleep(for: .seconds(60))
            response.send("never")
        }
    }
    return try Server(configuration: configuration, router: router)
}

@Suite struct LimitsTests {
    @Test(arguments: [TestMode.inProcess, .socket])
    func boundsWhatIsSent(mode: TestMode) async throws {
        try await makePictureServer().test(mode) { client in
            let large = [UInt8](repeating: 7, count: 100_000)
            let comment = try await client.post("/comments", body: TestBody(large))
            #expect(comment.status == .contentTooLarge)
            let picture = try await client.post("/pictures", body: TestBody(large))
            #expect(picture.text == "100000 bytes")
        }
    }

    @Test(arguments: [TestMode.inProcess, .socket])
    func boundsHeaders(mode: TestMode) async throws {
        try await makePictureServer().test(mode) { client in
            var headers: TestHeaders = [:]
            for number in 0..<60 { headers.add("X-\(number)", "value") }
            let answer = try await client.get("/slow", headers: headers)
            #expect(answer.status.code == 431)
        }
    }

    @Test(arguments: [TestMode.inProcess, .socket])
    func endsAHandlerThatTakesTooLong(mode: TestMode) async throws {
        try await makePictureServer().test(mode) { client async throws in
            #expect(try await client.get("/slow").status == .serviceUnavailable)
        }
    }
}
