// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaCompression
import VanillaTestSupport
import VanillaTesting

private let small = String(repeating: "All work and no play. ", count: 100)
private let large = String(repeating: "All work and no play. ", count: 10_000)
private let codings = ["gzip", "br", "zstd"]

/// Of a site with all kinds of answers, in front of which compression stands.
private func server(_ options: Compression.Options = Compression.Options()) throws -> Server {
    let compression = Compression(options)
    let router = try Router { routes in
        routes.use(compression.middleware)
        routes.get("/small") { _, response in response.send(small, contentType: .text) }
        routes.get("/large") { _, response in response.send(large, contentType: .html) }
        routes.get("/empty") { _, response in response.send("") }
        routes.get("/nothing") { _, response in
            response.stream(contentType: .text, length: 0) { _ in .done }
        }
        routes.get("/breaks") { _, response in
            let noise = (0..<4000).map { "\($0 * 7919 % 4001) " }.joined()
            response.stream(contentType: .text, length: 1 << 20) { writer in
                try writer.write(noise)
                throw TestFailure()
            }
        }
        routes.get("/short") { _, response in response.send("short") }
        routes.get("/bytes") { _, response in response.send([UInt8](repeating: 1, count: 4000)) }
        routes.get("/tagged") { _, response in
            response.send(small, etag: ETag(hashing: small), contentType: .text)
        }
        routes.get("/coded") { _, response in
            response.headers[.contentEncoding] = "gzip"
            response.send(small)
        }
        routes.get("/kept") { _, response in
            response.headers[.cacheControl] = "private, no-transform"
            response.send(small)
        }
        routes.get("/secret") { _, response in
            response.leaveUncompressed()
            response.send(small)
        }
        routes.get("/varying") { _, response in
            response.headers[.vary] = "Cookie, accept-encoding"
            response.send(small)
        }
        routes.get("/pieces") { _, response in
            var left = 3
            response.stream(contentType: .text) { writer in
                try writer.write("piece \(left) \(small)")
                left -= 1
                return left == 0 ? .done : .more
            }
        }
        routes.get("/known") { _, response in
            let text = Array(large.utf8)
            var at = 0
            response.stream(contentType: .text, length: text.count) { writer in
                let count = min(7000, text.count - at)
                try writer.write(Array(text[at..<(at + count)]))
                at += count
                return at == text.count ? .done : .more
            }
        }
        routes.get("/async") { _, response in
            await Task.yield()
            response.send(large)
        }
        routes.get("/refused") { _, _ in throw RequestError(.conflict, small) }
        routes.post("/echo") { request, response in
            response.leaveUncompressed()
            response.send(try request.decodedBody(upTo: 1 << 20))
        }
    }
    return try Server(configuration: local(nil), router: router)
}

@Suite struct CompressionTests {
    @Test(arguments: codings)
    func compressesWhatItsClientTakes(coding: String) throws {
        let server = try server()
        for (target, text) in [
            ("/small", small), ("/large", large), ("/known", large), ("/async", large),
            ("/refused", small),
        ] {
            let answer = server.answer(get(target, fields: "Accept-Encoding: \(coding)"))
            #expect(answer["Content-Encoding"] == coding, "\(target)")
            // A refusal also says that its body depends on Accept.
            let varies = answer.fields.filter { $0.name == "Vary" }.map(\.value)
            #expect(
                varies.last == "Accept-Encoding" && varies.count == (target == "/refused" ? 2 : 1))
            let isWhole = answer["Content-Length"] != nil
            #expect(isWhole == (text == small))
            let body = isWhole ? answer.body : answer.joinedChunks
            #expect(body.count < text.utf8.count / 5)
            #expect(decoded(body, coding).map { String(decoding: $0, as: UTF8.self) } == text)
        }
    }

    @Test(arguments: codings)
    func flushesEachPiece(coding: String) throws {
        let server = try server()
        let answer = server.answer(get("/pieces", fields: "Accept-Encoding: \(coding)"))
        #expect(answer["Content-Encoding"] == coding)
        // Three pieces and the end of the coding, in a chunk of its own each.
        let whole = (1...3).reversed().map { "piece \($0) \(small)" }.joined()
        let body = answer.joinedChunks
        #expect(decoded(body, coding).map { String(decoding: $0, as: UTF8.self) } == whole)
        #expect(answer.body.count > body.count + 3 * 5)
    }

    @Test func leavesOthersAsTheyAre() throws {
        let server = try server()
        for target in ["/short", "/bytes", "/coded", "/kept", "/secret"] {
            let plain = server.answer(get(target))
            let answer = server.answer(get(target, fields: "Accept-Encoding: gzip, br, zstd"))
            #expect(answer.body == plain.body, "\(target)")
            #expect(answer["Vary"] == nil && plain["Vary"] == nil)
            #expect(answer["Content-Encoding"] == plain["Content-Encoding"])
        }
    }

    @Test(
        arguments: [
            (nil, nil), ("", nil), ("identity", nil), ("gzip;q=0", nil), ("compress, deflate", nil),
            ("gzip, br, zstd", "zstd"), ("gzip;q=1, br;q=0.5", "gzip"), ("br, gzip", "br"),
            ("*", "zstd"), ("*, zstd;q=0", "br"), ("GZIP", "gzip"), ("x-gzip", "gzip"),
            ("identity, gzip;q=0.5", nil), ("identity;q=0", nil),
        ] as [(String?, String?)])
    func choosesAsTheClientSays(accepts: String?, coding: String?) throws {
        let server = try server()
        let answer = server.answer(
            accepts.map { get("/small", fields: "Accept-Encoding: \($0)") } ?? get("/small"))
        #expect(answer["Content-Encoding"] == coding)
        #expect(answer["Vary"] == "Accept-Encoding")
        #expect(coding != nil || answer.text == small)
    }

    @Test func saysTheSameToHead() throws {
        let server = try server()
        for target in ["/small", "/large", "/known", "/tagged", "/short"] {
            for accepts in ["gzip", "identity"] {
                let fields = "Accept-Encoding: \(accepts)"
                let answer = server.answer(get(target, fields: fields))
                let head = server.answer(get(target, method: "HEAD", fields: fields))
                #expect(head.body.isEmpty)
                for name in ["Content-Encoding", "Content-Length", "Vary", "ETag", "Content-Type"] {
                    #expect(head[name] == answer[name], "\(target) \(accepts) \(name)")
                }
            }
        }
    }

    @Test func knowsWhatItsClientHas() throws {
        let server = try server()
        let plain = server.answer(get("/tagged"))
        let strong = try #require(plain["ETag"])
        #expect(strong.hasPrefix("\""))
        let coded = server.answer(get("/tagged", fields: "Accept-Encoding: br"))
        #expect(coded["ETag"] == "W/" + strong)
        for tag in [strong, "W/" + strong] {
            let known = server.answer(
                get("/tagged", fields: "Accept-Encoding: br", "If-None-Match: \(tag)"))
            #expect(known.status == 304 && known.body.isEmpty)
            #expect(known["ETag"] == "W/" + strong && known["Content-Encoding"] == nil)
            #expect(known["Vary"] == "Accept-Encoding")
        }
        // Who takes no coding has the bytes of the strong tag.
        let known = server.answer(get("/tagged", fields: "If-None-Match: \(strong)"))
        #expect(known.status == 304 && known["ETag"] == strong)
    }

    @Test func saysVaryOnce() throws {
        let answer = try server().answer(get("/varying", fields: "Accept-Encoding: gzip"))
        #expect(answer["Vary"] == "Cookie, accept-encoding")
        #expect(answer["Content-Encoding"] == "gzip")
    }

    @Test func keepsToItsOptions() throws {
        var options = Compression.Options()
        options.zstdLevel = nil
        options.brotliQuality = nil
        options.minimumSize = small.utf8.count + 1
        options.maximumSize = large.utf8.count - 1
        let server = try server(options)
        for target in ["/small", "/large"] {
            let answer = server.answer(get(target, fields: "Accept-Encoding: gzip"))
            #expect(answer["Content-Encoding"] == nil && answer["Vary"] == nil)
        }
        // The length of these is not known.
        let answer = server.answer(get("/pieces", fields: "Accept-Encoding: zstd, br, gzip"))
        #expect(answer["Content-Encoding"] == "gzip")
    }

    @Test func leavesEventStreamsAsTheyAre() throws {
        let hub = try EventHub()
        let compression = Compression()
        let router = try Router { routes in
            routes.use(compression.middleware)
            routes.get("/events") { request, response in
                try response.subscribe(to: "a", in: hub, for: request)
            }
        }
        let server = try Server(configuration: local(nil), router: router)
        try hub.publish(ServerSentEvent(small), to: "a")
        let answer = server.answer(
            get("/events", fields: "Accept-Encoding: gzip", "Last-Event-ID: x"))
        #expect(answer["Content-Encoding"] == nil)
        #expect(String(decoding: answer.joinedChunks, as: UTF8.self).contains("data: \(small)"))
    }

    /// What is empty has its length, whatever is compressed.
    @Test(arguments: ["/empty", "/nothing"])
    func leavesWhatIsEmpty(target: String) throws {
        var options = Compression.Options()
        options.minimumSize = 0
        let server = try server(options)
        let answers = try server.answers([
            get(target, fields: "Accept-Encoding: gzip"), get("/short"),
        ])
        #expect(answers[0]["Content-Length"] == "0" && answers[0]["Content-Encoding"] == nil)
        #expect(answers[1].text == "short")
    }

    /// An answer that ends with its connection is cut where it is not whole.
    @Test func servesClientsOfHTTP10() throws {
        let server = try server()
        let fields = "Host: a\r\nAccept-Encoding: gzip\r\n\r\n"
        for (target, text) in [("/known", large), ("/large", large)] {
            let answer = server.answer("GET \(target) HTTP/1.0\r\n\(fields)")
            #expect(answer["Transfer-Encoding"] == nil && answer["Connection"] == "close")
            #expect(decoded(answer.body, "gzip") == Array(text.utf8))
        }
        let answer = server.answer("GET /breaks HTTP/1.0\r\n\(fields)")
        #expect(decoded(answer.body, "gzip") == nil)
    }

    /// What does not get shorter is sent as it is.
    @Test func doesNotMakeItLonger() throws {
        var generator = SeededGenerator(seed: 7)
        let noise = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let compression = Compression()
        let router = try Router { routes in
            routes.use(compression.middleware)
            routes.get("/") { _, response in response.send(noise, contentType: .text) }
        }
        let server = try Server(configuration: local(nil), router: router)
        let answer = server.answer(get("/", fields: "Accept-Encoding: gzip"))
        #expect(answer.body == noise)
        #expect(answer["Content-Encoding"] == nil && answer["Vary"] == "Accept-Encoding")
    }

    /// Over sockets, many at once, each answer whole and its own.
    @Test(arguments: backends)
    func keepsEncodersApart(backend: Server.Backend?) throws {
        let compression = Compression()
        let router = try Router { routes in
            routes.use(compression.middleware)
            routes.get("/:number") { request, response in
                let number = try request.parameters.require("number", as: Int.self)
                let text = String(repeating: "number \(number) ", count: 20 + number * 40)
                response.send(text, contentType: .text)
            }
        }
        let server = try Server(configuration: local(backend), router: router)
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let wrong = Recorder<String>()
        let done = Recorder<Int>()
        for thread in 0..<4 {
            let port = server.port
            onAnotherThread {
                for number in 0..<60 {
                    let coding = codings[(number + thread) % 3]
                    let answer = try? exchange(
                        get("/\(number)", fields: "Accept-Encoding: \(coding)"), port: port)
                    let body =
                        answer?["Content-Length"] == nil ? answer?.joinedChunks : answer?.body
                    let text = body.flatMap { decoded($0, answer?["Content-Encoding"] ?? "") }
                    let expected = String(repeating: "number \(number) ", count: 20 + number * 40)
                    if text != Array(expected.utf8) { wrong.record("\(number) \(coding)") }
                }
                done.record(thread)
            }
        }
        #expect(done.wait(for: 4, deadline: 120))
        #expect(wrong.values.isEmpty)
    }
}

@Suite struct DecodingTests {
    private func echo(_ body: [UInt8], _ coding: String?) throws -> Answer {
        let fields = coding.map { "Content-Encoding: \($0)\r\n" } ?? ""
        let head =
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\(fields)\r\n"
        let bytes = try server().handle(Array(head.utf8) + body)
        return Answer(bytes)
    }

    @Test(arguments: [("gzip", 1), ("X-Gzip", 1), ("br", 2), ("zstd", 3)] as [(String, Int32)])
    func takesACodingOff(name: String, coding: Int32) throws {
        // Less regular than what the ratio is for.
        let long = (0..<20_000).map { "\($0 * 7919 % 10_007) " }.joined()
        for text in [small, long, "", "x"] {
            let body = coded(Array(text.utf8), coding)
            #expect(try echo(body, name).text == text)
            // Cut anywhere, and with more after its end, it is damaged.
            for count in 0..<min(body.count, 60) {
                #expect(try echo(Array(body.prefix(count)), name).status == 400)
            }
            #expect(try echo(body + [0], name).status == 400)
        }
    }

    @Test func takesSeveralOff() throws {
        let body = coded(coded(Array(small.utf8), 1), 3)
        #expect(try echo(body, "gzip, zstd").text == small)
        #expect(try echo(body, "gzip,identity ,, zstd").text == small)
        #expect(try echo(body, "zstd, gzip").status == 400)
        #expect(try echo(Array(small.utf8), nil).text == small)
        #expect(try echo(Array(small.utf8), "identity").text == small)
    }

    @Test(arguments: ["compress", "gzip, foo", "gzip;q=1", "*"])
    func refusesOthers(coding: String) throws {
        #expect(try echo(Array(small.utf8), coding).status == 415)
    }

    /// 16 MiB of the same byte.
    @Test(arguments: [("gzip", 1), ("br", 2), ("zstd", 3)] as [(String, Int32)])
    func boundsABomb(name: String, coding: Int32) throws {
        let bomb = coded([UInt8](repeating: 0, count: 16 << 20), coding)
        #expect(bomb.count < 64 << 10)
        #expect(try echo(bomb, name).status == 413)
        // The ratio bounds what the size would allow.
        let body = coded([UInt8](repeating: 0, count: 512 << 10), coding)
        #expect(body.count < 5 << 10)
        #expect(try echo(body, name).status == 413)
    }
}
