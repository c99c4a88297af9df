// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

private enum Answer: String { case everything = "42" }

@Suite struct ParametersTests {
    @Test func areReadByName() throws {
        let server = try routed { routes in
            routes.get("/teams/:team/users/:id/*rest") { request, response in
                let parameters = request.parameters
                expect(parameters.count == 3)
                expect(parameters["nobody"] == nil)
                expect(parameters["te"] == nil && parameters["teams"] == nil)
                let team = try parameters.require("team", as: Bytes.self)
                let id = try parameters.require("id", as: Int.self)
                let rest = try parameters.require("rest", as: String.self)
                expect(parameters["team"] == "a b" && parameters["id"] == "42")
                expect(try parameters.require("team") == "a b")
                expect(parameters["id", as: Int8.self] == 42)
                expect(parameters["id", as: Double.self] == 42)
                expect(parameters["id", as: Answer.self] == .everything)
                expect(parameters["team", as: Int.self] == nil)
                expect(parameters["team", as: Answer.self] == nil)
                expect(parameters["nobody", as: Int.self] == nil)
                response.send("\(team) \(id) \(rest)")
            }
        }
        #expect(server.answer(get("/teams/a%20b/users/42/x%2F/y")).text == "a%20b 42 x//y")
    }

    @Test func areNoneOutsideOfARouter() throws {
        let server = try offline { request, response in
            expect(request.parameters.count == 0 && request.parameters["id"] == nil)
            response.send("")
        }
        #expect(server.answer(get("/user/1")).status == 200)
    }

    @Test func areNoneInAFallback() throws {
        let server = try routed { routes in
            routes.get("/user/:id/x") { _, response in response.send("") }
            routes.fallback { request, response, miss in
                expect(request.parameters.count == 0 && request.parameters["id"] == nil)
                response.send(status: miss.status)
            }
        }
        #expect(server.answer(get("/user/1/y")).status == 404)
        #expect(server.answer(post("/user/1/x", "")).status == 405)
    }

    @Test(arguments: [
        ("0", 200, "0"), ("42", 200, "42"), ("-42", 200, "-42"), ("007", 200, "7"),
        ("%34%32", 200, "42"), ("4%32", 200, "42"),
        ("9223372036854775807", 200, "9223372036854775807"),
        ("-9223372036854775808", 200, "-9223372036854775808"),
        ("9223372036854775808", 404, ""), ("-9223372036854775809", 404, ""),
        ("99999999999999999999999999999999999", 404, ""),
        ("+1", 404, ""), ("-", 404, ""), ("1x", 404, ""), ("x", 404, ""), ("0x10", 404, ""),
        ("1.0", 404, ""), ("%2B1", 404, ""), ("%00", 404, ""), ("%FF", 404, ""), ("1%2F2", 404, ""),
    ])
    func parseAsNumbers(segment: String, status: Int, body: String) throws {
        let server = try routed { routes in
            routes.get("/:id") { request, response in
                response.send(String(try request.parameters.require("id", as: Int.self)))
            }
        }
        let answer = server.answer(get("/\(segment)"))
        #expect(answer.status == status && answer.text == expected(body, status))
    }

    @Test(arguments: [
        ("255", 200), ("256", 422), ("-1", 422), ("0", 200),
    ])
    func parseAsAnyIntegerWithAStatusOfTheHandlersChoice(segment: String, status: Int) throws {
        let server = try routed { routes in
            routes.get("/:id") { request, response in
                let number = try request.parameters.require(
                    "id", as: UInt8.self, else: .unprocessableContent)
                response.send(String(number))
            }
        }
        #expect(server.answer(get("/\(segment)")).status == status)
    }

    @Test(arguments: [
        ("caf%C3%A9", 200, "café"), ("a+b", 200, "a+b"), ("%2525", 200, "%25"),
        ("%FF", 400, ""), ("%C3", 400, ""),
    ])
    func decodeAsText(segment: String, status: Int, body: String) throws {
        let server = try routed { routes in
            routes.get("/:id") { request, response in
                response.send(try request.parameters.require("id", as: String.self))
            }
        }
        let answer = server.answer(get("/\(segment)"))
        #expect(answer.status == status && answer.text == expected(body, status))
    }

    private enum Order: String { case ascending, descending }

    @Test(arguments: [
        ("1.5/true/ascending", 200, "1.5 true ascending"),
        ("1%2E5/false/descending", 200, "1.5 false descending"),
        ("x/true/ascending", 404, ""), ("1/yes/ascending", 404, ""), ("1/true/up", 409, ""),
        ("%FF/true/ascending", 404, ""),
    ])
    func parseAsOtherValues(path: String, status: Int, body: String) throws {
        let server = try routed { routes in
            routes.get("/:double/:bool/:order") { request, response in
                let double = try request.parameters.require("double", as: Double.self)
                let bool = try request.parameters.require("bool", as: Bool.self)
                let order = try request.parameters.require(
                    "order", as: Order.self, else: .conflict)
                response.send("\(double) \(bool) \(order)")
            }
        }
        let answer = server.answer(get("/\(path)"))
        #expect(answer.status == status && answer.text == expected(body, status))
    }

    @Test func areTextWithoutAThrowWhateverTheBytes() throws {
        let server = try routed { routes in
            routes.get("/:id") { request, response in
                response.send(request.parameters["id"] ?? "none")
            }
        }
        #expect(server.answer(get("/a%FF+%2F")).text == "a\u{FFFD}+/")
    }

    @Test func throwWhereTheRouteHasNoSuchParameter() throws {
        let log = Recorder<String>()
        let server = try routed(log: log) { routes in
            routes.get("/:id") { request, response in
                response.send(try request.parameters.require("ident", as: Bytes.self))
            }
        }
        #expect(server.answer(get("/1")).status == 500)
        #expect(log.values.count == 1 && log.values[0].contains("no parameter \"ident\""))
    }
}

/// The body of an answer; that of an error without a message is its status.
private func expected(_ body: String, _ status: Int) -> String {
    let reasons = [400: "Bad Request", 404: "Not Found", 409: "Conflict"]
    guard body.isEmpty, let reason = reasons[status] else { return body }
    return "\(status) \(reason)\n"
}
