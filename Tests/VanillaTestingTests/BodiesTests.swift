// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaJSON
import VanillaTesting
import VanillaTestingJSON

/// Files in memory, which are uploaded and downloaded piece by piece.
func makeFileServer(port: Int = 3000, maximumCount: Int = 1 << 20) throws -> Server {
    let files = FileStore()
    let router = try Router { routes in
        routes.put("/files/:name", body: .streamed) { request, response in
            guard request.headers[.authorization] != nil else { throw RequestError(.unauthorized) }
            let name = try request.parameters.require("name")
            var file = FileStore.File()
            for try await piece in request.bodyStream {
                file.pieces.append(piece)
                guard file.count <= maximumCount else {
                    throw RequestError(.contentTooLarge, "At most \(maximumCount) bytes.")
                }
            }
            await files.keep(file, named: name)
            response.send(status: .created)
        }
        routes.get("/files/:name") { request, response in
            let name = try request.parameters.require("name")
            guard let file = await files.file(named: name) else { throw RequestError(.notFound) }
            try response.begin(length: file.count)
            for piece in file.pieces { try await response.write(piece) }
        }
        routes.post("/renamings", body: .streamed) { request, response in
            try await request.collectBody(upTo: 1000)
            let renaming = try request.decode(Renaming.self)
            guard await files.rename(renaming) else { throw RequestError(.notFound) }
            try response.send(json: renaming)
        }
        routes.post("/search", body: .streamed) { request, response in
            try await request.collectBody(upTo: 1000)
            let beginning = try request.form().require("beginning")
            response.send(await files.names(beginning: beginning).joined(separator: "\n"))
        }
    }
    return try Server(port: port, router: router)
}

struct Renaming: Codable, Equatable {
    let from: String
    let to: String
}

actor FileStore {
    struct File {
        var pieces: [[UInt8]] = []
        var count: Int { pieces.reduce(0) { count, piece in count + piece.count } }
    }

    private var files: [String: File] = [:]

    func keep(_ file: File, named name: String) { files[name] = file }

    func file(named name: String) -> File? { files[name] }

    func rename(_ renaming: Renaming) -> Bool {
        guard let file = files.removeValue(forKey: renaming.from) else { return false }
        files[renaming.to] = file
        return true
    }

    func names(beginning: String) -> [String] {
        files.keys.filter { $0.hasPrefix(beginning) }.sorted()
    }
}

@Suite struct BodiesTests {
    private let user: TestHeaders = ["Authorization": "Bearer 7"]

    @Test(arguments: [TestMode.inProcess, .socket])
    func keepsAFile(mode: TestMode) async throws {
        let text = String(repeating: "a line\n", count: 100_000)
        try await makeFileServer().test(mode) { client in
            let answer = try await client.put("/files/a.txt", headers: user, body: .text(text))
            #expect(answer.status == .created)
            let file = try await client.get("/files/a.txt")
            #expect(file.text == text && file.headers["Content-Length"] == "700000")
            #expect(try await client.head("/files/a.txt").headers["Content-Length"] == "700000")
        }
    }

    @Test func renamesAndFinds() async throws {
        try await makeFileServer().test { client in
            try await client.put("/files/a.txt", headers: user, body: "text")
            let renaming = Renaming(from: "a.txt", to: "b.txt")
            let answer = try await client.post("/renamings", json: renaming)
            #expect(try answer.decode(Renaming.self) == renaming)
            let found = try await client.post("/search", body: .form(["beginning": "b"]))
            #expect(found.text == "b.txt")
        }
    }

    @Test func refusesWhatItDoesNotWant() async throws {
        try await makeFileServer(maximumCount: 100).test { client in
            let large = TestBody(Array(repeating: 7, count: 101))
            let stranger = try await client.put("/files/a.txt", body: large)
            #expect(stranger.status == .unauthorized)
            let answer = try await client.put("/files/a.txt", headers: user, body: large)
            #expect(answer.status == .contentTooLarge)
            #expect(try await client.get("/files/a.txt").status == .notFound)
        }
    }
}
