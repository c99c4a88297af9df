// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

/// More than the sockets between a server and a client that does not read hold.
private let size = 6 << 20

private func pattern(_ count: Int) -> Data {
    var data = Data(count: count)
    data.withUnsafeMutableBytes { bytes in
        let words = bytes.bindMemory(to: UInt64.self)
        for index in words.indices { words[index] = UInt64(index) &* 0x9E37_79B9_7F4A_7C15 }
    }
    return data
}

/// A server that keeps no file in memory.
private func begin(_ folder: Folder, _ backend: Server.Backend) throws -> Server {
    let path = folder.path
    let router = try Router { routes in
        var options = FileFolder.Options()
        options.memory.maximumBytes = 0
        routes.files("/*path", from: path, options: options)
    }
    let server = try Server(configuration: local(backend), router: router)
    try server.start()
    return server
}

@Suite struct LargeFilesTests {
    @Test(arguments: backends)
    func readsAFileAsTheClientTakesIt(backend: Server.Backend) throws {
        let folder = try Folder()
        let data = pattern(size)
        try folder.write("large", data)
        let server = try begin(folder, backend)
        defer { server.stop(within: .zero) }
        let answer = try exchange(
            get("/large", fields: "Connection: close"), port: server.port)
        #expect(answer.status == 200 && answer.body.count == size)
        #expect(answer.body == [UInt8](data))
        let part = try exchange(
            get("/large", fields: "Range: bytes=1000000-2999999", "Connection: close"),
            port: server.port)
        #expect(part.status == 206 && part.body == [UInt8](data[1_000_000..<3_000_000]))
        let parts = try exchange(
            get("/large", fields: "Range: bytes=0-399999,-400000", "Connection: close"),
            port: server.port)
        #expect(parts.status == 206 && parts["Content-Length"] == String(parts.body.count))
        let none = try exchange(
            get("/large", method: "HEAD", fields: "Connection: close"),
            port: server.port)
        #expect(none.status == 200 && none["Content-Length"] == String(size))
    }

    /// A transfer ends as it began, or is cut.
    @Test(arguments: backends, ["replaced", "deleted", "grown", "shrunk", "rewritten"])
    func mixesNothing(backend: Server.Backend, change: String) throws {
        let folder = try Folder()
        let data = pattern(size)
        try folder.write("large", data)
        let server = try begin(folder, backend)
        defer { server.stop(within: .zero) }
        let client = try RawClient(port: server.port)
        try client.send(get("/large", fields: "Connection: close"))
        #expect(client.wait(for: "\r\n\r\n"))
        let file = folder.path + "/large"
        switch change {
        case "replaced":
            try folder.write("other", Data(repeating: 1, count: size))
            rename(folder.path + "/other", file)
        case "deleted":
            unlink(file)
        case "shrunk":
            truncate(file, 1000)
        default:
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
            if change == "grown" { try handle.seekToEnd() }
            try handle.write(contentsOf: Data(repeating: 1, count: 1 << 20))
            try handle.seek(toOffset: UInt64(size - 4096))
            if change == "rewritten" {
                try handle.write(contentsOf: Data(repeating: 1, count: 4096))
            }
            try handle.close()
        }
        #expect(client.waitForEnd())
        let answer = Answer(client.received)
        #expect(answer["Content-Length"] == String(size))
        #expect([UInt8](data.prefix(answer.body.count)) == answer.body)
        let endsAsItBegan = change == "replaced" || change == "deleted"
        #expect(endsAsItBegan ? answer.body.count == size : answer.body.count < size)
    }
}
