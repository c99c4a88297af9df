// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

private func form(_ parts: (head: String, body: String)..., end: String = "--\r\n") -> String {
    parts.map { "--xYz\r\nContent-Disposition: form-data; \($0.head)\r\n\r\n\($0.body)\r\n" }
        .joined() + "--xYz" + end
}

private func post(
    _ target: String, _ body: String, type: String = "multipart/form-data; boundary=xYz"
)
    -> String
{
    """
    POST \(target) HTTP/1.1\r
    Host: a\r
    Content-Type: \(type)\r
    Content-Length: \(body.utf8.count)\r
    \r
    \(body)
    """
}

private func serve(_ backend: Server.Backend, _ folder: Folder) throws -> Server {
    let router = try Router { routes in
        for (path, delivery) in [
            ("/whole", Request.BodyDelivery.whole), ("/streamed", .streamed),
        ] {
            routes.post(path, body: delivery) { request, response in
                var limits = FormReader.Limits()
                limits.parts = 3
                limits.part = 1000
                let form = try request.formParts(limits: limits)
                var found: [String] = []
                while let part = try await form.next() {
                    if part.name == "skipped" {
                        found.append("-")
                        continue
                    }
                    let text = try await part.collectText(upTo: 500)
                    found.append(
                        "\(part.name)|\(part.fileName ?? "nil")|\(part.contentType ?? "nil")|\(text)"
                    )
                }
                response.send(found.joined(separator: ","))
            }
        }
        routes.post("/files", body: .streamed) { request, response in
            let form = try request.formParts()
            var count = 0
            while let part = try await form.next() {
                count += try await part.save(to: folder.path + "/" + part.name, upTo: 2 << 20)
            }
            response.send("\(count)")
        }
        routes.put("/body", body: .streamed) { request, response in
            let count = try await request.saveBody(to: folder.path + "/body", upTo: 2 << 20)
            response.send("\(count)")
        }
    }
    return try Server(configuration: local(backend), router: router)
}

@Suite struct FormPartsTests {
    @Test(arguments: backends, ["/whole", "/streamed"])
    func takesTheParts(backend: Server.Backend, target: String) throws {
        let server = try serve(backend, try Folder())
        let answers = try server.answers([
            post(
                target,
                form(
                    ("name=\"a\"", "1"),
                    ("name=b; filename=\"f.txt\"\r\nContent-Type: text/x", "2\r\n3"))),
            post(target, form()),
            post(target, form(("name=\"skipped\"", "1"), ("name=\"c\"", ""))),
        ])
        #expect(answers.map(\.status) == [200, 200, 200])
        #expect(answers.map(\.text) == ["a|nil|nil|1,b|f.txt|text/x|2\r\n3", "", "-,c|nil|nil|"])
    }

    @Test(arguments: backends, ["/whole", "/streamed"])
    func refusesWhatIsNoForm(backend: Server.Backend, target: String) throws {
        let server = try serve(backend, try Folder())
        let a = ("name=\"a\"", "1")
        let requests: [(String, Int)] = [
            (post(target, "a=1", type: "application/x-www-form-urlencoded"), 415),
            (post(target, form(a), type: "multipart/form-data"), 415),
            (post(target, form(a), type: "multipart/mixed; boundary=xYz"), 415),
            (post(target, "no form"), 400), (post(target, form(a, end: "")), 400),
            (post(target, form(("filename=\"a\"", "1"))), 400), (post(target, ""), 400),
            (post(target, form(a, a, a)), 200), (post(target, form(a, a, a, a)), 413),
            (post(target, form(("name=\"a\"", String(repeating: "1", count: 501)))), 413),
            (post(target, form(("name=\"skipped\"", String(repeating: "1", count: 1001)))), 413),
            (
                post(
                    target, form(("name=\"a\"\r\nX: " + String(repeating: "x", count: 8192), "1"))),
                431
            ),
        ]
        for (request, status) in requests {
            #expect(try server.answers([request])[0].status == status, "\(request.prefix(300))")
        }
    }

    @Test(arguments: backends)
    func writesFiles(backend: Server.Backend) throws {
        let folder = try Folder()
        let server = try serve(backend, folder)
        let large = String(repeating: "0123456789abcdef", count: 1 << 16)
        let saved = try server.answers([
            post("/files", form(("name=\"one\"", large), ("name=\"two\"", "2")))
        ])[0]
        #expect(saved.status == 200 && saved.text == "\(large.utf8.count + 1)")
        #expect(try String(contentsOfFile: folder.path + "/one", encoding: .utf8) == large)
        #expect(try String(contentsOfFile: folder.path + "/two", encoding: .utf8) == "2")
        // Each of these bytes may begin a delimiter.
        let returns = String(repeating: "\r", count: 1 << 18)
        let long = try server.answers([post("/files", form(("name=\"returns\"", returns)))])[0]
        #expect(long.status == 200 && long.text == "\(returns.utf8.count)")
        let again = try server.answers([post("/files", form(("name=\"two\"", "3")))])[0]
        #expect(again.status == 500)
        #expect(try String(contentsOfFile: folder.path + "/two", encoding: .utf8) == "2")
        let excess = try server.answers([
            post("/files", form(("name=\"three\"", large + large + "1")))
        ])[0]
        #expect(excess.status == 413)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/three"))
    }

    @Test(arguments: backends)
    func removesWhatAClientBreaksOff(backend: Server.Backend) throws {
        let folder = try Folder()
        let server = try serve(backend, folder)
        try server.start()
        defer { server.stop(within: .zero) }
        let client = try RawClient(port: server.port)
        try client.send("PUT /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbegin")
        let file = folder.path + "/body"
        try waitHere { FileManager.default.fileExists(atPath: file) }
        client.reset()
        try waitHere { !FileManager.default.fileExists(atPath: file) }
    }
}
