// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

private let modified = HTTPDate(secondsSince1970: 784_111_777)
private let modifiedText = "Sun, 06 Nov 1994 08:49:37 GMT"

@Suite struct PreconditionsTests {
    /// Every combination is a check of the core; these are the ways through the wrapper.
    @Test(arguments: [
        ("GET", "/tag", "If-None-Match: \"v1\"", "notModified"),
        ("GET", "/tag", "If-None-Match: \"v2\"", "perform"),
        ("GET", "/tag", "If-Match: \"v2\"", "preconditionFailed"),
        ("PUT", "/tag", "If-None-Match: *", "preconditionFailed"),
        ("PUT", "/tag", "If-Match: \"v1\"", "perform"),
        ("PUT", "/tag", "If-Match: *", "perform"),
        ("PUT", "/weak", "If-Match: \"v1\"", "preconditionFailed"),
        ("GET", "/weak", "If-None-Match: \"v1\"", "notModified"),
        ("PUT", "/none", "If-Match: *", "preconditionFailed"),
        ("PUT", "/none", "If-None-Match: *", "perform"),
        ("GET", "/none", "If-Match: *", "perform"),
        ("GET", "/date", "If-Modified-Since: \(modifiedText)", "notModified"),
        (
            "PUT", "/date", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
            "preconditionFailed"
        ),
        ("PUT", "/date", "If-Unmodified-Since: \(modifiedText)", "perform"),
        ("GET", "/tag", "If-Modified-Since: \(modifiedText)", "perform"),
        ("OPTIONS", "/tag", "If-None-Match: *", "perform"),
    ])
    func evaluates(method: String, path: String, field: String, result: String) throws {
        let server = try offline { request, response in
            let result =
                switch request.path {
                case "/tag": request.evaluatePreconditions(etag: "v1")
                case "/weak":
                    request.evaluatePreconditions(etag: try ETag(opaque: "v1", isWeak: true))
                case "/date": request.evaluatePreconditions(lastModified: modified)
                default: request.evaluatePreconditions(exists: false)
                }
            response.send("\(result)")
        }
        #expect(server.answer(get(path, method: method, fields: field)).text == result)
    }

    @Test func changesOnlyWhatTheClientHasSeen() throws {
        let server = try offline { request, response in
            guard request.evaluatePreconditions(etag: "v1") == .perform else {
                return response.sendPreconditionFailed()
            }
            response.send("done", etag: "v2")
        }
        let stale = server.answer(get("/", method: "PUT", fields: "If-Match: \"v0\""))
        #expect(stale.status == 412 && stale["Content-Length"] == "0" && stale["ETag"] == nil)
        // The tag of the answer is that of the new state, which If-Match does not name.
        let done = server.answer(get("/", method: "PUT", fields: "If-Match: \"v1\""))
        #expect(done.status == 200 && done["ETag"] == "\"v2\"")
    }

    @Test(arguments: [
        (["Range: bytes=0-1"], true), ([], false),
        (["Range: bytes=0-1", "If-Range: \"v1\""], true),
        (["Range: bytes=0-1", "If-Range: W/\"v1\""], false),
        (["Range: bytes=0-1", "If-Range: \"v2\""], false),
        (["Range: bytes=0-1", "If-Range: \(modifiedText)"], true),
        (["Range: bytes=0-1", "If-Range: Sun, 06 Nov 1994 08:49:38 GMT"], false),
        (["If-Range: \"v1\""], false),
    ])
    func allowsRanges(fields: [String], isAllowed: Bool) throws {
        let server = try offline { request, response in
            response.send("\(request.allowsRange(etag: "v1", lastModified: modified))")
        }
        let lines = fields.map { $0 + "\r\n" }.joined()
        let answer = server.answer("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
        #expect(answer.text == "\(isAllowed)")
    }

    @Test func boundsDates() {
        #expect(HTTPDate(secondsSince1970: -1).secondsSince1970 == 0)
        #expect(HTTPDate(secondsSince1970: 253_402_300_799).secondsSince1970 == 253_402_300_799)
        #expect(HTTPDate(secondsSince1970: .max).secondsSince1970 == 253_402_300_799)
        #expect(HTTPDate(secondsSince1970: 1) < HTTPDate(secondsSince1970: 2))
    }
}
