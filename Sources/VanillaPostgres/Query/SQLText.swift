// SPDX-License-Identifier: MIT

/// What the text of a statement says without being understood: its words.
enum SQLText {
    /// The first word of a statement, in small letters; empty where it begins with something else.
    static func command(of sql: String) -> String {
        var rest = sql.utf8[...]
        skipNothing(&rest)
        let word = rest.prefix { letters.contains($0 | 0x20) }
        return String(decoding: word.map { $0 | 0x20 }, as: UTF8.self)
    }

    private static let letters = UInt8(ascii: "a")...UInt8(ascii: "z")

    /// Whether a text is one statement, rather than several with semicolons between them.
    static func isOneStatement(_ sql: String) -> Bool {
        var words = Words(sql)
        skipNothing(&words.rest)
        while let word = words.next() {
            guard word == ";" else { continue }
            skipNothing(&words.rest)
            return words.rest.isEmpty
        }
        return true
    }

    /// Skips what is of no statement: spaces, comments, semicolons.
    private static func skipNothing(_ rest: inout Substring.UTF8View) {
        while let next = rest.first {
            switch next {
            case UInt8(ascii: " "), UInt8(ascii: ";"), UInt8(ascii: "\t")...UInt8(ascii: "\r"):
                rest.removeFirst()
            case UInt8(ascii: "-") where rest.starts(with: "--".utf8):
                rest = rest.drop { !isLineEnd($0) }
            case UInt8(ascii: "/") where rest.starts(with: "/*".utf8):
                skipComment(&rest)
            default: return
            }
        }
    }

    /// Either ends a comment that begins with two dashes.
    fileprivate static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    /// Comments nest.
    fileprivate static func skipComment(_ rest: inout Substring.UTF8View) {
        var depth = 0
        repeat {
            if rest.starts(with: "/*".utf8) {
                depth += 1
                rest.removeFirst(2)
            } else if rest.starts(with: "*/".utf8) {
                depth -= 1
                rest.removeFirst(2)
            } else {
                rest.removeFirst()
            }
        } while depth > 0 && !rest.isEmpty
    }
}

extension SQLText {
    /// The words of a text outside of parentheses, in small letters, and its semicolons; what is
    /// quoted is an empty one, and comments are none.
    struct Words: IteratorProtocol {
        fileprivate var rest: Substring.UTF8View

        init(_ sql: String) {
            rest = sql.utf8[...]
        }

        mutating func next() -> String? {
            var depth = 0
            while let first = rest.first {
                switch first {
                case UInt8(ascii: "("): depth += 1
                case UInt8(ascii: ")"): depth -= 1
                case UInt8(ascii: ";") where depth == 0:
                    rest.removeFirst()
                    return ";"
                case UInt8(ascii: "-") where rest.starts(with: "--".utf8):
                    rest = rest.drop { !SQLText.isLineEnd($0) }
                    continue
                case UInt8(ascii: "/") where rest.starts(with: "/*".utf8):
                    SQLText.skipComment(&rest)
                    continue
                case UInt8(ascii: "'"), UInt8(ascii: "\""):
                    skipQuoted(first, escapes: false)
                    if depth == 0 { return "" }
                    continue
                case UInt8(ascii: "$") where skipDollarQuoted():
                    if depth == 0 { return "" }
                    continue
                case _ where Self.isOfWord(first):
                    let word = takeWord()
                    if word == "e", rest.first == UInt8(ascii: "'") {
                        skipQuoted(UInt8(ascii: "'"), escapes: true)
                    }
                    if depth == 0 { return word }
                    continue
                default: break
                }
                rest.removeFirst()
            }
            return nil
        }

        private static func isOfWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
                true
            default: false
            }
        }

        private mutating func takeWord() -> String {
            // A dollar within a word is a part of it.
            let word = rest.prefix { Self.isOfWord($0) || $0 == UInt8(ascii: "$") }
            rest = rest[word.endIndex...]
            return String(Substring(word)).lowercased()
        }

        /// Skips what is between two quotes. A doubled quote ends one and begins the next.
        private mutating func skipQuoted(_ quote: UInt8, escapes: Bool) {
            rest.removeFirst()
            while let byte = rest.popFirst() {
                if escapes && byte == UInt8(ascii: "\\") { _ = rest.popFirst() }
                if byte == quote { return }
            }
        }

        /// Skips `$tag$ ... $tag$`. False where there is no such thing.
        private mutating func skipDollarQuoted() -> Bool {
            let tag = rest.dropFirst().prefix { Self.isOfWord($0) }
            guard tag.endIndex < rest.endIndex, rest[tag.endIndex] == UInt8(ascii: "$") else {
                return false
            }
            let mark = Array(rest[...tag.endIndex])
            rest = rest.dropFirst(mark.count)
            while !rest.isEmpty, !rest.starts(with: mark) { rest.removeFirst() }
            rest = rest.dropFirst(mark.count)
            return true
        }
    }
}
