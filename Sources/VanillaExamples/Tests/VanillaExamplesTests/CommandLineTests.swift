// SPDX-License-Identifier: MIT

import Foundation
import Testing
import VanillaTestSupport

/// The programs, run as people run them. What all their options refuse, `arena` refuses in bench.
@Suite(.serialized) struct CommandLineTests {
    @Test(
        arguments: ["PORT=abc", "PORT=65536", "PORT=-1", "VANILLA_BACKEND=foo"], ["simple", "etag"])
    func refusesAnImpossibleEnvironment(variable: String, name: String) throws {
        let result = try run(withoutLeakCheck, variable, program(name).path)
        #expect(result.status == 64)
        #expect(result.output.contains(variable.prefix { $0 != "=" }))
    }

    @Test(arguments: ["simple", "etag"])
    func servesUntilItIsTerminated(name: String) throws {
        let server = try LaunchedProgram(
            name, ["--port", "0", "--backend", "epoll", "--workers", "2"])
        let line = try #require(server.line)
        #expect(line.hasPrefix("listening on http://127.0.0.1:"), "\(line)")
        #expect(line.hasSuffix(" (epoll, 2 workers)"), "\(line)")
        let port = try #require(server.port)
        #expect(try exchange(get("/"), port: port).status == 200)
        let refusal = try exchange(get("/", method: "DELETE"), port: port)
        #expect(refusal["Allow"] == "GET, HEAD, OPTIONS")
        #expect(try exchange(get("/nowhere"), port: port).status == 404)
        #expect(server.terminate())
    }

    @Test func namesOtherPlacesToo() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "vanilla-\(UUID().uuidString)").path
        let server = try LaunchedProgram("simple", ["--unix-socket", path, "--backend", "epoll"])
        #expect(server.line?.hasPrefix("listening on unix:\(path) (epoll, ") == true)
        #expect(server.terminate())
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
