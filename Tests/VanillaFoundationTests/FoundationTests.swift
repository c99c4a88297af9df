// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaFoundation
import VanillaTestSupport

@Suite struct FoundationTests {
    private static let uuid = UUID()

    @Test func sendsAndReceivesData() throws {
        let server = try offline { request, response in
            var data = Data(request.body)
            data.append(0xFF)
            switch request.path {
            case "/shared": response.send(SharedBytes(data), contentType: .text)
            case "/empty": response.send(Data())
            default: response.send(data, status: .created)
            }
        }
        let answer = server.answer(post("/", "a\0b"))
        #expect(answer.status == 201 && answer.body == [0x61, 0, 0x62, 0xFF])
        #expect(answer["Content-Type"] == "application/octet-stream")
        #expect(server.answer(post("/shared", "a")).body == [0x61, 0xFF])
        #expect(server.answer(post("/empty", "a")).body == [])
    }

    @Test(arguments: [
        ("/\(uuid)", 200, "\(uuid)"), ("/x", 404, "404 Not Found\n"),
        ("/%FF", 404, "404 Not Found\n"),
        ("/query?id=\(uuid)", 200, "\(uuid)"),
        ("/query?id=\(uuid.uuidString.lowercased())", 200, "\(uuid)"),
        ("/query?id=7", 400, "id must be a UUID."), ("/query", 400, "id is missing."),
    ])
    func readsUUIDs(target: String, status: Int, body: String) throws {
        let router = try Router { routes in
            routes.get("/query") { request, response in
                let uuid = try request.query.require("id", as: UUID.self)
                #expect(request.query["id", as: UUID.self] == uuid)
                response.send("\(uuid)")
            }
            routes.get("/:id") { request, response in
                response.send("\(try request.parameters.require("id", as: UUID.self))")
            }
        }
        let server = try Server(configuration: local(), router: router)
        let answer = server.answer(get(target))
        #expect(answer.status == status && answer.text == body)
    }

    @Test(arguments: [
        (784_111_777.9, 784_111_777), (-0.5, 0), (-1e300, 0), (1e300, 253_402_300_799),
        (.infinity, 253_402_300_799), (.nan, 0),
    ])
    func makesDatesOfHTTP(seconds: Double, expected: Int64) {
        let date = HTTPDate(Date(timeIntervalSince1970: seconds))
        #expect(date.secondsSince1970 == expected)
        #expect(Date(date).timeIntervalSince1970 == Double(expected))
    }
}
