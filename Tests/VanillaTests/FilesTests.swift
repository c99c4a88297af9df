// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport
import VanillaTesting

/// A site with a bit of everything, beside something that must not be reached.
private func makeSite() throws -> Folder {
    let folder = try Folder()
    try folder.write("secret.txt", "SECRET")
    try folder.write("site/hello.txt", "Hello, files!")
    try folder.write("site/index.html", "<p>index")
    try folder.write("site/docs/index.html", "<p>docs")
    try folder.write("site/docs/a b.txt", "blank")
    try folder.write("site/app.3f2a9c1b.js", "1")
    try folder.write("site/data.bin", Data((0..<256).map { UInt8($0) }))
    try folder.write("site/.env", "SECRET")
    try folder.write("site/.git/config", "SECRET")
    try folder.makeFolder("site/empty")
    try folder.link("site/inside.txt", to: "hello.txt")
    try folder.link("site/docs/up.txt", to: "../hello.txt")
    try folder.link("site/outside.txt", to: "../secret.txt")
    try folder.link("site/outside", to: "..")
    try folder.link("site/absolute.txt", to: folder.path + "/secret.txt")
    try folder.link("site/loop", to: "loop")
    mkfifo(folder.path + "/site/fifo", 0o666)
    return folder
}

private func serve(
    _ folder: Folder, _ backend: Server.Backend? = nil, log: Recorder<String>? = nil,
    _ change: (inout FileFolder.Options) -> Void = { _ in }
) throws -> Server {
    var options = FileFolder.Options()
    change(&options)
    let (path, given) = (folder.path + "/site", options)
    let router = try Router { routes in
        _ = folder  // It stays as long as the routes.
        routes.files("/static/*path", from: path, options: given)
    }
    return try Server(configuration: local(backend, log: log), router: router)
}

@Suite struct FilesTests {
    @Test(arguments: backends)
    func servesAFileFromDiskAndFromMemory(backend: Server.Backend) throws {
        let server = try serve(try makeSite(), backend)
        let request = get("/static/hello.txt")
        for answer in try server.answers([request, request, request]) {
            #expect(answer.status == 200 && answer.text == "Hello, files!")
            #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
            #expect(answer["Content-Length"] == "13" && answer["Accept-Ranges"] == "bytes")
            #expect(answer["ETag"] != nil && answer["Last-Modified"] != nil)
            #expect(answer["Cache-Control"] == "no-cache" && answer["Vary"] == nil)
        }
    }

    @Test(arguments: backends)
    func answersOtherMethods(backend: Server.Backend) throws {
        let server = try serve(try makeSite(), backend)
        let answers = try server.answers([
            get("/static/hello.txt", method: "HEAD"), get("/static/hello.txt", method: "HEAD"),
            get("/static/hello.txt", method: "OPTIONS"),
            get("/static/hello.txt", method: "DELETE"),
        ])
        #expect(answers.map(\.status) == [200, 200, 204, 405])
        #expect(answers[0]["Content-Length"] == "13" && answers[0].body.isEmpty)
        #expect(answers[1]["Content-Length"] == "13" && answers[1].body.isEmpty)
        #expect(answers[2]["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test(arguments: backends, [0, 64 << 20])
    func answersConditionsAndRanges(backend: Server.Backend, memory: Int) throws {
        let log = Recorder<String>()
        let server = try serve(try makeSite(), backend, log: log) {
            $0.memory.maximumBytes = memory
        }
        let path = "/static/data.bin"
        let whole = try server.answers([get(path)])[0]
        let tag = try #require(whole["ETag"])
        let date = try #require(whole["Last-Modified"])
        let answers = try server.answers([
            get(path, fields: "If-None-Match: \(tag)"),
            get(path, fields: "If-Modified-Since: \(date)"),
            get(path, fields: "If-Match: \"other\""),
            get(path, fields: "Range: bytes=10-19"), get(path, fields: "Range: bytes=-1"),
            get(path, fields: "Range: bytes=0-0,255-255"), get(path, fields: "Range: bytes=256-"),
            get(path, fields: "Range: bytes=0-1", "If-Range: \(tag)"),
            get(path, fields: "Range: bytes=0-1", "If-Range: \(date)"),
            get(path, fields: "Range: bytes=0-1", "If-Range: \"other\""),
        ])
        #expect(answers.map(\.status) == [304, 304, 412, 206, 206, 206, 416, 206, 206, 200])
        #expect(answers[0]["ETag"] == tag && answers[0]["Cache-Control"] == "no-cache")
        #expect(answers[3].body == Array(10...19))
        #expect(answers[3]["Content-Range"] == "bytes 10-19/256")
        #expect(answers[4].body == [255])
        #expect(answers[5]["Content-Type"]?.hasPrefix("multipart/byteranges") == true)
        #expect(answers[5]["Content-Length"] == String(answers[5].body.count))
        #expect(answers[6]["Content-Range"] == "bytes */256")
        #expect(answers[9].body.count == 256)
        #expect(log.values == [])
    }

    @Test(arguments: backends)
    func reachesNothingOutsideOfItsFolder(backend: Server.Backend) throws {
        let server = try serve(try makeSite(), backend) { $0.listsFolders = true }
        let targets = [
            "../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt",
            "docs/../../secret.txt", "docs/..%2f../secret.txt", "./hello.txt", "docs/./index.html",
            "/hello.txt", "//hello.txt", "docs//index.html", "outside.txt", "outside/secret.txt",
            "outside/", "absolute.txt", "loop", "loop/", "hello.txt/", "hello.txt%00", "%00",
            "hello.txt%00.png", "..", "%2e", "%2e%2e", "..\\secret.txt", "%5c..%5csecret.txt",
            "..%5csecret.txt", "....//secret.txt", "..;/secret.txt", "%252e%252e/secret.txt",
            "%c0%ae%c0%ae/secret.txt", "%ff", "/etc/passwd", "%2fetc%2fpasswd", ".env",
            "%2eenv", ".git/config", ".git/", "docs%2findex.html", "none", "none/none",
            String(repeating: "a", count: 300), String(repeating: "a/", count: 1000),
        ]
        for (target, answer) in zip(
            targets, try server.answers(targets.map { get("/static/" + $0) }))
        {
            #expect(answer.status == 404, "\(target)")
            #expect(!answer.text.contains("SECRET"), "\(target)")
        }
    }

    /// Texts that Unicode has for the same are names of different files.
    @Test(arguments: backends)
    func tellsNamesApartByTheirBytes(backend: Server.Backend) throws {
        let folder = try makeSite()
        try folder.write("site/caf\u{e9}.txt", "composed")
        let server = try serve(folder, backend)
        let targets = ["caf%C3%A9.txt", "cafe%CC%81.txt", "caf%C3%A9.txt", "cafe%CC%81.txt"]
        let answers = try server.answers(targets.map { get("/static/" + $0) })
        #expect(answers.map(\.status) == [200, 404, 200, 404])
    }

    @Test(arguments: backends)
    func opensNothingThatIsNoFile(backend: Server.Backend) throws {
        let server = try serve(try makeSite(), backend)
        #expect(try server.answers([get("/static/fifo")])[0].status == 403)
    }

    @Test(arguments: backends)
    func followsLinksToTheInside(backend: Server.Backend) throws {
        let folder = try makeSite()
        let paths = ["/static/inside.txt", "/static/docs/up.txt"]
        let following = try serve(folder, backend)
        #expect(
            try following.answers(paths.map { get($0) }).map(\.text) == [
                "Hello, files!", "Hello, files!",
            ])
        let refusing = try serve(folder, backend) { $0.followsLinks = false }
        #expect(try refusing.answers(paths.map { get($0) }).map(\.status) == [404, 404])
    }

    @Test(arguments: backends)
    func sendsTheIndexOfAFolderWithASlash(backend: Server.Backend) throws {
        let server = try serve(try makeSite(), backend)
        let answers = try server.answers([
            get("/static/"), get("/static/docs/"), get("/static/docs"), get("/static/docs?a=b%20c"),
            get("/static/docs/a%20b.txt"), get("/static/empty/"), get("/static/empty"),
        ])
        #expect(answers.map(\.status) == [200, 200, 301, 301, 200, 404, 301])
        #expect(answers[0].text == "<p>index" && answers[1].text == "<p>docs")
        #expect(answers[1]["Content-Type"] == "text/html; charset=utf-8")
        #expect(answers[2]["Location"] == "/static/docs/")
        #expect(answers[3]["Location"] == "/static/docs/?a=b%20c")
    }

    @Test func redirectsToNoOtherHost() throws {
        let folder = try Folder()
        try folder.makeFolder("site/example.com")
        let path = folder.path + "/site"
        let router = try Router { routes in
            routes.get("/a") { _, response in response.send("") }
            routes.files("/*path", from: path)
            routes.group("//x") { $0.files("/*path", from: path) }
        }
        let server = try Server(configuration: local(), router: router)
        for target in ["//example.com", "/\\example.com", "/%5cexample.com", "//x/example.com"] {
            let answer = try server.answers([get(target)])[0]
            if let location = answer["Location"] {
                #expect(location.hasPrefix("/") && !location.hasPrefix("//"), "\(target)")
                #expect(!location.hasPrefix("/\\"), "\(target)")
            } else {
                #expect(answer.status == 404, "\(target)")
            }
        }
    }

    @Test(arguments: backends)
    func sendsTheCodingThatTheClientPrefers(backend: Server.Backend) throws {
        let folder = try makeSite()
        try folder.write("site/hello.txt.gz", "GZIP", age: 3600)
        try folder.write("site/hello.txt.br", "BROTLI", age: 3600)
        try folder.write("site/hello.txt.zst", "STALE", age: 7200)
        let server = try serve(folder, backend)
        let rows: [(String, Int, String, String?)] = [
            ("A: b", 200, "Hello, files!", nil),
            ("Accept-Encoding: gzip", 200, "GZIP", "gzip"),
            ("Accept-Encoding: gzip, br, zstd", 200, "BROTLI", "br"),
            ("Accept-Encoding: gzip, br;q=0.5", 200, "GZIP", "gzip"),
            ("Accept-Encoding: br;q=0", 200, "Hello, files!", nil),
            ("Accept-Encoding: zstd, identity;q=0", 406, "", nil),
            ("Accept-Encoding: identity;q=0", 406, "", nil),
            ("Accept-Encoding: *", 200, "BROTLI", "br"),
        ]
        var tags: [String: String] = [:]
        for _ in 0..<2 {
            for (fields, status, text, coding) in rows {
                let answer = try server.answers([get("/static/hello.txt", fields: fields)])[0]
                let varies = answer.fields.contains { $0 == ("Vary", "Accept-Encoding") }
                #expect(answer.status == status && varies, "\(fields)")
                #expect(answer["Content-Encoding"] == coding, "\(fields)")
                guard status == 200 else { continue }
                #expect(answer.text == text, "\(fields)")
                #expect(answer["Content-Type"] == "text/plain; charset=utf-8", "\(fields)")
                let tag = try #require(answer["ETag"])
                #expect(tags.updateValue(tag, forKey: text) ?? tag == tag)
            }
        }
        #expect(Set(tags.values).count == 3)
        let unchanged = try server.answers([
            get(
                "/static/hello.txt", fields: "Accept-Encoding: gzip",
                "If-None-Match: \(tags["GZIP"] ?? "")")
        ])[0]
        #expect(unchanged.status == 304 && unchanged["Vary"] == "Accept-Encoding")
        #expect(unchanged["Content-Encoding"] == nil)
    }

    @Test(arguments: backends)
    func sendsPagesInPlaceOfWhatIsMissing(backend: Server.Backend) throws {
        let folder = try makeSite()
        try folder.write("site/404.html", "<p>none")
        let server = try serve(folder, backend) { $0.notFound = "404.html" }
        for answer in try server.answers([
            get("/static/none"), get("/static/none"), get("/static/../secret.txt"),
        ]) {
            #expect(answer.status == 404 && answer.text == "<p>none")
            #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        }
        let application = try serve(folder, backend) {
            $0.notFound = "404.html"
            $0.fallback = "index.html"
        }
        let answers = try application.answers([
            get("/static/users/7"), get("/static/users/7"), get("/static/none.png"),
            get("/static/users/7", fields: "Range: bytes=0-2"),
        ])
        #expect(answers.map(\.status) == [200, 200, 404, 206])
        #expect(answers.map(\.text) == ["<p>index", "<p>index", "<p>none", "<p>"])
    }

    @Test(arguments: backends)
    func listsAFolderWhereItMay(backend: Server.Backend) throws {
        let folder = try makeSite()
        try folder.write("site/empty/<b>&\"'.txt", "")
        try folder.write("site/empty/javascript:alert(1)", "")
        try folder.write("site/empty/.hidden", "")
        try folder.makeFolder("site/empty/sub folder")
        let server = try serve(folder, backend) { $0.listsFolders = true }
        for answer in try server.answers([get("/static/empty/"), get("/static/empty/")]) {
            #expect(answer.status == 200)
            #expect(answer["Content-Type"] == "text/html; charset=utf-8")
            let text = answer.text
            #expect(text.contains("&lt;b&gt;&amp;&quot;&#39;.txt") && !text.contains("<b>"))
            #expect(text.contains("href=\"./%3Cb%3E&%22%27.txt\""))
            #expect(text.contains("href=\"./javascript:alert(1)\""))
            #expect(text.contains("href=\"./sub%20folder/\"") && !text.contains("hidden"))
        }
    }

    @Test func keepsAHashedNameForAYear() throws {
        let server = try serve(try makeSite())
        let answer = try server.answers([get("/static/app.3f2a9c1b.js")])[0]
        #expect(answer["Cache-Control"] == "public, max-age=31536000, immutable")
        #expect(answer["Content-Type"] == "text/javascript; charset=utf-8")
        for name in [
            "app.js", "index-20261130.js", "a.deadbeef.js", "main-document2.js", "3f2a9c1b",
        ] {
            #expect(
                FileFolder.Options.defaultCacheControl(for: "a/" + name) == "no-cache", "\(name)")
        }
    }

    @Test(arguments: backends)
    func servesWhatHasChanged(backend: Server.Backend) throws {
        let folder = try makeSite()
        let server = try serve(folder, backend)
        try server.start()
        defer { server.stop(within: .zero) }
        let port = server.port
        let request = get("/static/hello.txt", fields: "Connection: close")
        let before = try exchange(request, port: port)
        try folder.write("site/hello.txt", "Hello, again!", age: 3600)
        let deadline = ContinuousClock.now + .seconds(10)
        var after = before
        while after.text == before.text, ContinuousClock.now < deadline {
            after = try exchange(request, port: port)
        }
        #expect(after.text == "Hello, again!")
        #expect(after["ETag"] != before["ETag"])
    }

    @Test(arguments: backends)
    func answersFromAHandler(backend: Server.Backend) throws {
        let folder = try makeSite()
        let files = try FileFolder(folder.path + "/site")
        let router = try Router { routes in
            routes.get("/now") { request, response in
                response.headers[.cacheControl] = "private"
                try response.send(file: "hello.txt", from: files, for: request)
            }
            routes.get("/later") { request, response in
                await Task.yield()
                try await response.send(file: "hello.txt", from: files, for: request)
            }
            routes.get("/outside") { request, response in
                try response.send(file: "../secret.txt", from: files, for: request)
            }
            routes.group("/behind") { behind in
                behind.use { request, response, next in
                    await Task.yield()
                    try await next(request, &response)
                    response.headers["X-Behind"] = "yes"
                }
                behind.files("/*path", from: files)
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        let targets = ["/now", "/now", "/later", "/outside", "/behind/hello.txt"]
        let answers = try server.answers(targets.map { get($0) })
        #expect(answers.map(\.status) == [200, 200, 200, 404, 200])
        #expect(answers[4].text == "Hello, files!" && answers[4]["X-Behind"] == "yes")
    }

    @Test func refusesRoutesThatCannotBe() throws {
        let folder = try makeSite()
        #expect(throws: RouteError.self) {
            try Router { routes in routes.files("/static/*path", from: folder.path + "/none") }
        }
        #expect(throws: RouteError.self) {
            try Router { routes in routes.files("/static", from: folder.path) }
        }
        #expect(throws: FileError.self) { try FileFolder(folder.path + "/secret.txt") }
    }
}
