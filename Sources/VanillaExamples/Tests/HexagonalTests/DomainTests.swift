// SPDX-License-Identifier: MIT

import HexagonalDomain
import Testing

@Suite struct DomainTests {
    @Test(arguments: [
        ("abc", nil), (String(repeating: "a", count: 32), nil), ("0.a-b_c", nil),
        ("ab", "must have 3 to 32 characters"), ("", "must have 3 to 32 characters"),
        (String(repeating: "a", count: 33), "must have 3 to 32 characters"),
        ("Ada", "must be made of a to z, 0 to 9, \".\", \"-\" and \"_\""),
        ("a b", "must be made of a to z, 0 to 9, \".\", \"-\" and \"_\""),
        ("ad\u{430}", "must be made of a to z, 0 to 9, \".\", \"-\" and \"_\""),
        ("abc\0", "must be made of a to z, 0 to 9, \".\", \"-\" and \"_\""),
        (".ab", "must begin with a letter or a digit"),
    ])
    func checksUserNames(text: String, reason: String?) {
        #expect(reasonAgainst { () throws(Invalid) in try UserName(text) } == reason)
    }

    @Test(arguments: [
        ("12345678", true), ("1234567", false), ("", false),
        (String(repeating: "a", count: 128), true), (String(repeating: "a", count: 129), false),
        ("p\u{E4}ssw\u{F6}rd", true), (String(repeating: "\u{1F511}", count: 8), true),
        // A character that is as long as a book.
        ("1234567" + "e" + String(repeating: "\u{301}", count: 508), true),
        ("1234567" + "e" + String(repeating: "\u{301}", count: 509), false),
    ])
    func checksPasswords(text: String, isValid: Bool) {
        let reason = reasonAgainst { () throws(Invalid) in try Password(text) }
        #expect(reason == (isValid ? nil : "must have 8 to 128 characters"))
    }

    @Test func printsNoPassword() throws {
        let password = try Password("correct horse")
        var text = ""
        dump(password, to: &text)
        #expect(!"\(password) \(String(reflecting: password)) \(text)".contains("horse"))
    }

    @Test(arguments: [
        ("x", nil), ("Gr\u{FC}ner Tee, 100 g", nil), (String(repeating: "x", count: 100), nil),
        ("", "must have 1 to 100 characters"),
        (String(repeating: "x", count: 101), "must have 1 to 100 characters"),
        ("e" + String(repeating: "\u{301}", count: 200), "must have 1 to 100 characters"),
        ("a\nb", "must have no control characters"), ("a\0b", "must have no control characters"),
        ("a\u{2028}b", "must have no control characters"),
        ("a\u{85}b", "must have no control characters"),
        (" a", "must neither begin nor end with white space"),
        ("a\u{3000}", "must neither begin nor end with white space"),
    ])
    func checksProductNames(text: String, reason: String?) {
        #expect(reasonAgainst { () throws(Invalid) in try ProductName(text) } == reason)
    }

    @Test(arguments: [
        (0, true), (1999, true), (1_000_000_000_000, true), (-1, false), (1_000_000_000_001, false),
        (Int64.max, false), (Int64.min, false),
    ])
    func checksAmounts(amount: Int64, isValid: Bool) {
        #expect(((try? Amount(amount)) != nil) == isValid)
    }

    @Test(arguments: [
        ("EUR", true), ("eur", false), ("EU", false), ("EURO", false), ("\u{C4}B", false),
        ("", false),
    ])
    func checksCurrencies(code: String, isValid: Bool) {
        #expect(((try? Currency(code)) != nil) == isValid)
    }

    private func reasonAgainst<Value>(_ make: () throws(Invalid) -> Value) -> String? {
        do throws(Invalid) {
            _ = try make()
            return nil
        } catch {
            return error.reason
        }
    }
}
