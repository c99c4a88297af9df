// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// The program `arena`, run as people run it.
@Suite(.serialized) struct CommandLineTests {
    @Test(arguments: [
        (["--port", "70000"], "--port"), (["--port", "-1"], "--port"), (["--port", "x"], "--port"),
        (["--backend", "foo"], "--backend"), (["--workers", "0"], "--workers"),
        (["--workers=-1"], "--workers"), (["--workers", "1025"], "--workers"),
        (["--keep-alive", "maybe"], "--keep-alive"), (["--host", "nowhere"], "nowhere"),
        (["--unix-socket", "/tmp/a", "--port", "1"], "--unix-socket"), (["--unknown"], "--unknown"),
        (["--handler", "go"], "--handler"),
    ])
    func refusesImpossibleOptions(options: [String], named: String) throws {
        let result = try run([withoutLeakCheck, program("arena").path] + options)
        #expect(result.status == 64)
        #expect(result.output.hasPrefix("Error: ") && result.output.contains(named))
    }

    @Test(arguments: ["swift", "c"])
    func saysThatThePortIsInUse(handler: String) throws {
        let server = try Server(configuration: local()) { _, response in response.send("") }
        try server.start()
        let result = try run(
            withoutLeakCheck, program("arena").path, "--host", "127.0.0.1", "--port",
            "\(server.port)", "--handler", handler)
        #expect(result.status == 1)
        // It says that it tries again, once, and in the end what came of it.
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("in use; trying"))
        let last = try #require(lines.last)
        #expect(last.hasPrefix("Error: ") && last.contains("\(server.port)"))
        server.stop(within: .zero)
        server.wait()
    }

    @Test(arguments: [
        ([], "GET, HEAD, OPTIONS"),
        (["--handler", "c", "--keep-alive", "always"], "GET, HEAD"),
    ])
    func servesUntilItIsTerminated(options: [String], allowed: String) throws {
        let server = try LaunchedProgram(
            "arena", ["--port", "0", "--backend", "epoll", "--workers", "1"] + options)
        let line = try #require(server.line)
        #expect(line.hasPrefix("listening on http://127.0.0.1:"), "\(line)")
        #expect(line.hasSuffix(" (epoll, 1 worker)"), "\(line)")
        let port = try #require(server.port)
        #expect(try exchange(get("/"), port: port).status == 200)
        let refusal = try exchange(get("/", method: "DELETE"), port: port)
        #expect(refusal["Allow"] == allowed)
        #expect(try exchange(get("/nowhere"), port: port).status == 404)
        #expect(server.terminate())
    }
}
