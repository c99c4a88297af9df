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
        let result = try run([withoutLeakCheck, program("arena")] + options)
        #expect(result.status == 64)
        #expect(result.output.hasPrefix("Error: ") && result.output.contains(named))
    }

    @Test(
        arguments: ["PORT=abc", "PORT=65536", "PORT=-1", "VANILLA_BACKEND=foo"], ["simple", "etag"])
    func refusesAnImpossibleEnvironment(variable: String, name: String) throws {
        let result = try run(withoutLeakCheck, variable, program(name))
        #expect(result.status == 64)
        #expect(result.output.contains(variable.prefix { $0 != "=" }))
    }

    @Test(arguments: ["swift", "c"])
    func saysThatThePortIsInUse(handler: String) throws {
        let server = try Server(configuration: local()) { _, response in response.send("") }
        try server.start()
        let result = try run(
            withoutLeakCheck, program("arena"), "--host", "127.0.0.1", "--port", "\(server.port)",
            "--handler",
            handler)
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
        let server = try Launched(program(arguments[0]), Array(arguments.dropFirst()))
        defer { server.process.terminate() }
        let line = try #require(server.line)
        let prefix = "listening on http://127.0.0.1:"
        #expect(line.hasPrefix(prefix) && line.hasSuffix(" (\(how))"), "\(line)")
        let port = try #require(Int(line.dropFirst(prefix.count).prefix { $0 != " " }))
        #expect(try exchange(get("/"), port: port).status == 200)
        let refusal = try exchange(get("/", method: "DELETE"), port: port)
        let isRouted = !arguments.contains("c")
        #expect(refusal["Allow"] == (isRouted ? "GET, HEAD, OPTIONS" : "GET, HEAD"))
        #expect(try exchange(get("/nowhere"), port: port).status == 404)

        server.process.terminate()
        server.process.waitUntilExit()
        #expect(server.process.terminationReason == .exit && server.process.terminationStatus == 0)
    }

    @Test func namesOtherPlacesToo() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "vanilla-\(UUID().uuidString)").path
        let server = try Launched(program("simple"), ["--unix-socket", path, "--backend", "epoll"])
        #expect(server.line?.hasPrefix("listening on unix:\(path) (epoll, ") == true)
        server.process.terminate()
        server.process.waitUntilExit()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// For AddressSanitizer: a parser of options that exits with a message frees nothing before.
    private let withoutLeakCheck = "ASAN_OPTIONS=detect_leaks=0"

    private func program(_ name: String) -> String {
        modules.deletingLastPathComponent().appending(path: name).path
    }

    /// A program that runs, and the first line of what it says.
    private struct Launched {
        let process = Process()
        let line: String?

        init(_ program: String, _ arguments: [String]) throws {
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            process.standardOutput = output
            try process.run()
            var text = ""
            while !text.hasSuffix("\n") {
                guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty
                else { break }
                text += String(decoding: byte, as: UTF8.self)
            }
            line = text.hasSuffix("\n") ? String(text.dropLast()) : nil
        }
    }
}
