// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (Int64(0), "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func isWrittenAndReadAsItIsSent(seconds: Int64, text: String) {
        let date = HTTPDate(secondsSince1970: seconds)
        #expect(date.description == text && HTTPDate(text) == date)
    }

    @Test(arguments: ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func isReadInItsObsoleteForms(text: String) {
        #expect(HTTPDate(text) == HTTPDate(secondsSince1970: 784_111_777))
    }

    @Test(arguments: [
        "", "0", "784111777", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC", " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "sun, 06 nov 1994 08:49:37 gmt",
        "Mon, 06 Nov 1994 08:49:37 GMT", "Wed, 30 Feb 2000 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT\0",
    ])
    func isReadToTheLetter(text: String) {
        #expect(HTTPDate(text) == nil)
    }

    @Test func isTheBeginOf1970WhereItIsEarlier() {
        #expect(HTTPDate("Wed, 31 Dec 1969 23:59:59 GMT") == HTTPDate(secondsSince1970: 0))
        #expect(HTTPDate("Sat, 01 Jan 0000 00:00:00 GMT") == HTTPDate(secondsSince1970: 0))
    }

    @Test func isThisMoment() {
        let before = Int64(Date().timeIntervalSince1970)
        let now = HTTPDate.now.secondsSince1970
        #expect(before <= now && now <= Int64(Date().timeIntervalSince1970))
    }

    @Test func isReadFromAField() throws {
        let server = try offline { request, response in
            guard let field = request.headers["If-Range", as: Bytes.self],
                let date = HTTPDate(field)
            else {
                throw RequestError(.badRequest)
            }
            response.send(date.description)
        }
        let text = "Sun, 06 Nov 1994 08:49:37 GMT"
        #expect(server.answer(get("/", fields: "If-Range: \(text)")).text == text)
        #expect(server.answer(get("/", fields: "If-Range: yesterday")).status == 400)
    }
}
