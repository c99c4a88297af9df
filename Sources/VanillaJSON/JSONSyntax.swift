// SPDX-License-Identifier: MIT

import Vanilla

/// Scans bytes that must be one JSON text, by the letter of RFC 8259: in UTF-8, without a byte
/// order mark, nested as deep as allowed, and such that every string is one in Swift, too (no half
/// of a surrogate pair).
///
/// The text is looked at once, without recursion; decoding needs no other look at what it skips.
struct JSONSyntax: ~Escapable {
    /// What is wrong.
    enum Flaw: Error, Equatable {
        /// The text cannot go on with the byte at that offset, or ends there.
        case malformed(at: Int)
        /// One array or object too many is opened.
        case tooDeep
        /// There is no memory to remember where its values are.
        case outOfMemory
    }

    private enum Container {
        case array, object
    }

    private enum Expected {
        case value, valueOrEnd, name, nameOrEnd, commaOrEnd
    }

    private let text: Bytes
    private let maximumNesting: Int
    private var index = 0
    private let tape = JSONTape()
    /// The arrays and objects that are open, and their places on the tape.
    private var open: [(container: Container, place: Int)] = []
    private var expected = Expected.value

    @_lifetime(copy text)
    private init(_ text: Bytes, maximumNesting: Int) {
        self.text = text
        self.maximumNesting = maximumNesting
    }

    /// - Returns: Where its values are.
    /// - Throws: The first flaw.
    static func scan(_ text: Bytes, maximumNesting: Int) throws(Flaw) -> JSONTape {
        // Offsets are 32 bits wide on the tape.
        guard text.count < UInt32.max else { throw .outOfMemory }
        var syntax = JSONSyntax(text, maximumNesting: maximumNesting)
        repeat {
            syntax.skipBlanks()
            try syntax.readPart()
        } while !syntax.open.isEmpty || syntax.expected != .commaOrEnd
        syntax.skipBlanks()
        if syntax.index < text.count { throw syntax.flaw }
        return syntax.tape
    }
}

extension JSONSyntax {
    private var flaw: Flaw { .malformed(at: index) }

    /// The byte that comes next; `nil` at the end.
    private var byte: UInt8? { index < text.count ? text.span[index] : nil }

    @_lifetime(self: copy self)
    private mutating func readPart() throws(Flaw) {
        switch (expected, byte) {
        case (.value, UInt8(ascii: "[")), (.valueOrEnd, UInt8(ascii: "[")):
            try begin(.array)
        case (.value, UInt8(ascii: "{")), (.valueOrEnd, UInt8(ascii: "{")):
            try begin(.object)
        case (.valueOrEnd, UInt8(ascii: "]")), (.nameOrEnd, UInt8(ascii: "}")):
            end()
        case (.value, _), (.valueOrEnd, _):
            try readScalar()
            expected = .commaOrEnd
        case (.name, _), (.nameOrEnd, _):
            let start = index
            try readString()
            try note(from: start)
            skipBlanks()
            try take(UInt8(ascii: ":"))
            expected = .value
        case (.commaOrEnd, _):
            try readCommaOrEnd()
        }
    }

    @_lifetime(self: copy self)
    private mutating func begin(_ container: Container) throws(Flaw) {
        guard open.count < maximumNesting else { throw .tooDeep }
        open.append((container, tape.count))
        try note(from: index)
        expected = container == .array ? .valueOrEnd : .nameOrEnd
        index += 1
    }

    @_lifetime(self: copy self)
    private mutating func end() {
        let place = open.removeLast().place
        expected = .commaOrEnd
        index += 1
        var entry = tape[place]
        entry.byteCount = UInt32(truncatingIfNeeded: index) - entry.start
        entry.next = UInt32(truncatingIfNeeded: tape.count)
        tape[place] = entry
        if let parent = open.last?.place { tape[parent].count += 1 }
    }

    /// Puts a value on the tape that begins at an offset: all of it, where it has come to its end.
    @_lifetime(self: copy self)
    private mutating func note(from start: Int) throws(Flaw) {
        let entry = JSONTape.Entry(
            start: UInt32(truncatingIfNeeded: start),
            byteCount: UInt32(truncatingIfNeeded: index - start), count: 0,
            next: UInt32(truncatingIfNeeded: tape.count + 1))
        guard tape.append(entry) else { throw .outOfMemory }
    }

    /// Only called inside of a container: after the outermost value the text is over.
    @_lifetime(self: copy self)
    private mutating func readCommaOrEnd() throws(Flaw) {
        switch (byte, open.last?.container) {
        case (UInt8(ascii: "]"), .array), (UInt8(ascii: "}"), .object):
            end()
        case (UInt8(ascii: ","), let container):
            expected = container == .array ? .value : .name
            index += 1
        default:
            throw flaw
        }
    }

    @_lifetime(self: copy self)
    private mutating func readScalar() throws(Flaw) {
        let start = index
        switch byte {
        case UInt8(ascii: "\""): try readString()
        case UInt8(ascii: "t"): try take("true")
        case UInt8(ascii: "f"): try take("false")
        case UInt8(ascii: "n"): try take("null")
        default: try readNumber()
        }
        try note(from: start)
        if let parent = open.last?.place { tape[parent].count += 1 }
    }

    /// Section 6: no leading zero, a digit on either side of the point, and after the e.
    @_lifetime(self: copy self)
    private mutating func readNumber() throws(Flaw) {
        if byte == UInt8(ascii: "-") { index += 1 }
        if byte == UInt8(ascii: "0") { index += 1 } else { try readDigits() }
        if byte == UInt8(ascii: ".") {
            index += 1
            try readDigits()
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            index += 1
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { index += 1 }
            try readDigits()
        }
    }

    /// One digit or more.
    @_lifetime(self: copy self)
    private mutating func readDigits() throws(Flaw) {
        let start = index
        while let byte, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { index += 1 }
        if index == start { throw flaw }
    }

    @_lifetime(self: copy self)
    private mutating func take(_ expected: UInt8) throws(Flaw) {
        guard byte == expected else { throw flaw }
        index += 1
    }

    @_lifetime(self: copy self)
    private mutating func take(_ word: StaticString) throws(Flaw) {
        guard text.dropFirst(index).hasPrefix(word) else { throw flaw }
        index += word.utf8CodeUnitCount
    }

    @_lifetime(self: copy self)
    private mutating func skipBlanks() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }
}

// MARK: - Strings (section 7)

extension JSONSyntax {
    @_lifetime(self: copy self)
    private mutating func readString() throws(Flaw) {
        try take(UInt8(ascii: "\""))
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return
            case UInt8(ascii: "\\"): try readEscape()
            case 0x20..<0x80: index += 1
            case 0x80...: try readWideCharacter(byte)
            default: throw flaw
            }
        }
        throw flaw
    }

    @_lifetime(self: copy self)
    private mutating func readEscape() throws(Flaw) {
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 1
        case UInt8(ascii: "u"):
            let start = index
            index += 1
            switch try readFourDigits() {
            case 0xD800...0xDBFF:
                try take(UInt8(ascii: "\\"))
                try take(UInt8(ascii: "u"))
                guard 0xDC00...0xDFFF ~= (try readFourDigits()) else { throw .malformed(at: start) }
            case 0xDC00...0xDFFF: throw .malformed(at: start)
            default: break
            }
        default: throw flaw
        }
    }

    @_lifetime(self: copy self)
    private mutating func readFourDigits() throws(Flaw) -> UInt16 {
        var number: UInt16 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch byte {
            case .some(let byte) where UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte:
                digit = byte - UInt8(ascii: "0")
            // Lower and upper case differ in one bit.
            case .some(let byte) where UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20:
                digit = (byte | 0x20) - UInt8(ascii: "a") + 10
            default: throw flaw
            }
            number = number << 4 | UInt16(digit)
            index += 1
        }
        return number
    }

    /// A character of two bytes or more, as the Unicode Standard has them (table 3-7): none in more
    /// bytes than it takes, no surrogate, none beyond U+10FFFF.
    @_lifetime(self: copy self)
    private mutating func readWideCharacter(_ first: UInt8) throws(Flaw) {
        let start = index
        let second: ClosedRange<UInt8>
        let count: Int
        switch first {
        case 0xC2...0xDF: (second, count) = (0x80...0xBF, 2)
        case 0xE0: (second, count) = (0xA0...0xBF, 3)
        case 0xED: (second, count) = (0x80...0x9F, 3)
        case 0xE1...0xEF: (second, count) = (0x80...0xBF, 3)
        case 0xF0: (second, count) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, count) = (0x80...0xBF, 4)
        case 0xF4: (second, count) = (0x80...0x8F, 4)
        default: throw flaw
        }
        index += 1
        for position in 1..<count {
            let allowed = position == 1 ? second : 0x80...0xBF
            guard let byte, allowed ~= byte else { throw .malformed(at: start) }
            index += 1
        }
    }
}
