// SPDX-License-Identifier: MIT

/// A parser of RFC 8259 that was written to be simple: it only says whether a text is JSON.
struct SimpleJSON {
    private var rest: ArraySlice<UnicodeScalar>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        var parser = SimpleJSON(rest: Array(text.unicodeScalars)[...])
        return parser.value() && parser.rest.isEmpty
    }

    private mutating func value() -> Bool {
        blanks()
        defer { blanks() }
        switch rest.first {
        case "{": return list(from: "{", to: "}") { $0.member() }
        case "[": return list(from: "[", to: "]") { $0.value() }
        case "\"": return string()
        default: return word("true") || word("false") || word("null") || number()
        }
    }

    private mutating func list(
        from first: String, to last: String, _ element: (inout SimpleJSON) -> Bool
    ) -> Bool {
        _ = word(first)
        blanks()
        if word(last) { return true }
        while element(&self) {
            if word(last) { return true }
            guard word(",") else { return false }
        }
        return false
    }

    private mutating func member() -> Bool {
        blanks()
        guard rest.first == "\"", string() else { return false }
        blanks()
        return word(":") && value()
    }

    private mutating func string() -> Bool {
        _ = word("\"")
        // All of it as UTF-16, which says whether surrogates come in pairs.
        var units: [UInt16] = []
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(validating: units, as: UTF16.self) != nil
            case "\\":
                guard let escaped = rest.popFirst() else { return false }
                if escaped == "u" {
                    let digits = rest.prefix(4)
                    let text = String(String.UnicodeScalarView(digits))
                    guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit),
                        let unit = UInt16(text, radix: 16)
                    else { return false }
                    units.append(unit)
                    rest = rest.dropFirst(4)
                } else {
                    guard "\"\\/bfnrt".unicodeScalars.contains(escaped) else { return false }
                    units.append(0x20)
                }
            default:
                guard scalar.value >= 0x20 else { return false }
                units += Array(String(scalar).utf16)
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        _ = word("-")
        guard word("0") || digits() else { return false }
        if word("."), !digits() { return false }
        if word("e") || word("E") {
            _ = word("+") || word("-")
            return digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let found = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(found.count)
        return !found.isEmpty
    }

    private mutating func word(_ word: String) -> Bool {
        guard rest.starts(with: word.unicodeScalars) else { return false }
        rest = rest.dropFirst(word.unicodeScalars.count)
        return true
    }

    private mutating func blanks() {
        rest = rest.drop { " \t\r\n".unicodeScalars.contains($0) }
    }
}
