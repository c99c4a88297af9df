// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaJSON
import VanillaTestSupport

@Suite struct ResponseJSONTests {
    private struct Page: Codable, Equatable {
        let title: String
        let url: String
        let scores: [Double]
    }

    private static let page = Page(title: "\"ä\n</b>\"", url: "https://a/b", scores: [1.5, -2])

    @Test func sendsAValue() throws {
        let server = try offline { _, response in
            try response.send(json: ResponseJSONTests.page, status: .created)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 201 && answer["Content-Type"] == "application/json")
        #expect(answer["Content-Length"] == "\(answer.body.count)")
        #expect(
            try JSONDecoder().decode(Page.self, from: Data(answer.body)) == ResponseJSONTests.page)
        #expect(answer.text.contains("https://a/b"))

        let head = server.answer(get("/", method: "HEAD"))
        #expect(head.status == 201 && head.body.isEmpty)
        #expect(head["Content-Length"] == "\(answer.body.count)")
    }

    @Test func keepsTheStatusThatWasSet() throws {
        let server = try offline { _, response in
            response.status = .accepted
            try response.send(json: 7)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 202 && answer.text == "7")
    }

    @Test func sendsNothingWhereTheValueCannotBeWritten() throws {
        let log = Recorder<String>()
        let server = try offline(log: log) { request, response in
            do throws(ResponseError) {
                try response.send(json: [Double.nan], status: .created)
            } catch {
                #expect(error.kind == .invalidContent && !response.isAnswered)
                #expect(response.status == .ok)
                if request.path == "/thrown" { throw error }
                response.send("refused")
            }
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 200 && answer.text == "refused")
        let thrown = server.answer(get("/thrown"))
        #expect(thrown.status == 500 && thrown.text == "500 Internal Server Error\n")
        #expect(log.values.count == 1)
        #expect(
            log.values[0].hasPrefix(
                "GET /thrown: a handler threw: The value cannot be written as JSON: "))
    }

    @Test func sendsAValueOnlyToWhoHasItNot() throws {
        let encoded = Recorder<Int>()
        struct Counted: Encodable {
            let encoded: Recorder<Int>

            func encode(to encoder: any Encoder) throws {
                encoded.record(1)
                try 7.encode(to: encoder)
            }
        }
        let server = try offline { request, response in
            try response.send(
                json: Counted(encoded: encoded), etag: ETag(version: 3),
                lastModified: HTTPDate(secondsSince1970: 784_111_777), status: .ok)
        }
        let whole = server.answer(get("/"))
        #expect(whole.status == 200 && whole.text == "7" && whole["ETag"] == "\"3\"")
        #expect(whole["Last-Modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(whole["Content-Type"] == "application/json")
        let known = server.answer(get("/", fields: "If-None-Match: \"3\""))
        #expect(known.status == 304 && known.body.isEmpty && known["ETag"] == "\"3\"")
        #expect(known["Content-Type"] == nil)
        #expect(server.answer(get("/", fields: "If-Match: \"2\"")).status == 412)
        #expect(encoded.values == [1])
    }

    @Test func forgetsTheTagOfAValueThatCannotBeWritten() throws {
        let server = try offline(log: Recorder()) { _, response in
            try response.send(json: [Double.nan], etag: "a", status: .created)
        }
        let answer = server.answer(get("/"))
        #expect(answer.status == 500 && answer["ETag"] == nil)
        #expect(answer.text == "500 Internal Server Error\n")
    }

    @Test func encodesWithOptionsOfTheUser() throws {
        let server = try offline { _, response in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try response.send(json: ["b": 1, "a": 2], with: encoder)
        }
        #expect(server.answer(get("/")).text == #"{"a":2,"b":1}"#)
    }

    /// One decoder and one encoder serve all workers at the same time.
    @Test(arguments: backends)
    func goesBackAndForthOverSeveralWorkers(backend: Server.Backend) throws {
        var configuration = local(backend)
        configuration.workers = 4
        let server = try Server(configuration: configuration) { request, response in
            try response.send(json: request.decode(Page.self))
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let port = server.port

        let body = String(decoding: try JSONEncoder().encode(ResponseJSONTests.page), as: UTF8.self)
        let raw = post("/", body, fields: "Content-Type: application/json")
        let same = Recorder<Bool>()
        for _ in 0..<4 {
            onAnotherThread {
                for _ in 0..<50 {
                    let answer = try? exchange(raw, port: port)
                    let page = try? JSONDecoder().decode(
                        Page.self, from: Data(answer?.body ?? []))
                    same.record(page == ResponseJSONTests.page)
                }
            }
        }
        #expect(same.wait(for: 200))
        #expect(same.values.allSatisfy { $0 })
    }
}
