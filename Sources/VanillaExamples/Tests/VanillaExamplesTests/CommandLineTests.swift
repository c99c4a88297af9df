// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

/// The executables, run as people run them.
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

    @Test(
        arguments: ["PORT=abc", "PORT=65536", "PORT=-1", "VANILLA_BACKEND=foo"], ["simple", "etag"])
    func refusesAnImpossibleEnvironment(variable: String, name: String) throws {
        let result = try run(withoutLeakCheck, variable, program(name).path)
        #expect(result.status == 64)
        #expect(result.output.contains(variable.prefix { $0 != "=" }))
    }

    @Test(arguments: ["swift", "c"])
    func saysThatThePortIsInUse(handler: String) throws {
        let server = try Server(configuration: local()) { _, response in response.send("") }
        try server.start()
        let result = try run(
            withoutLeakCheck, program("arena").path, "--host", "127.0.0.1", "--port",
            "\(server.port)", "--handler", handler)
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("Error: ") && result.output.contains("\(server.port)"))
        server.stop(within: .zero)
        server.wait()
    }

    @Test(arguments: [
        (["simple", "--port", "0", "--backend", "epoll", "--workers", "2"], "epoll, 2 workers"),
        (["etag", "--port", "0", "--backend", "epoll", "--workers", "2"], "epoll, 2 workers"),
        (["arena", "--port", "0", "--backend", "epoll", "--workers", "1"], "epoll, 1 worker"),
        (
            [
                "arena", "--port", "0", "--backend", "epoll", "--workers", "1", "--handler", "c",
                "--keep-alive", "always",
            ], "epoll, 1 worker"
        ),
    ])
    func servesUntilItIsTerminated(arguments: [String], how: String) throws {
        let server = try LaunchedProgram(arguments[0], Array(arguments.dropFirst()))
        let line = try #require(server.line)
        #expect(
            line.hasPrefix("listening on http://127.0.0.1:") && line.hasSuffix(" (\(how))"),
            "\(line)")
        let port = try #require(server.port)
        #expect(try exchange(get("/"), port: port).status == 200)
        let refusal = try exchange(get("/", method: "DELETE"), port: port)
        let isRouted = !arguments.contains("c")
        #expect(refusal["Allow"] == (isRouted ? "GET, HEAD, OPTIONS" : "GET, HEAD"))
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
