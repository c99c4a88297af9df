// SPDX-License-Identifier: MIT

internal import Vanilla

/// A text that was scanned, and what it may still cost to make values of it. On one thread at a
/// time.
///
/// A type may try one decoding after the other, and in each of them the same again, so that the
/// time which it takes grows with powers of the depth. So attempts are counted, and there are as
/// many as the text has room for: whatever the type does, the time is linear in the size.
@safe
final class JSONDocument {
    private let text: JSONText
    private let tape: JSONTape
    let strategies: DecodingStrategies
    private let makeDecoder: DecoderMaker
    private var attempts: Int
    /// The members of objects by their names, of those that were asked for.
    private var indexes: [Int: [String: Int]] = [:]
    /// Where a type has last thrown an error that knows no place.
    var refused: (place: Int, path: CodingPath?)?

    /// Attempts that any text has, and more for each value in it.
    static let minimumAttempts = 16_384
    static let attemptsOfValue = 12
    /// Bytes of a string that are as much as an attempt.
    static let bytesOfAttempt = 64
    /// Bytes of a `Decimal`, which has 38 digits: more say no more.
    static let maximumDecimalCount = 256
    /// Members of an object among which one is looked for; in a larger one it is looked up.
    private static let maximumSearchCount = 8

    /// What a type is given to decode itself from the value at a place.
    typealias DecoderMaker = (JSONDocument, _ place: Int, CodingPath?) -> any Decoder

    init(
        _ text: JSONText, _ tape: JSONTape, _ strategies: DecodingStrategies,
        makeDecoder: @escaping DecoderMaker
    ) {
        self.text = text
        self.tape = tape
        self.strategies = strategies
        self.makeDecoder = makeDecoder
        attempts =
            Self.minimumAttempts + Self.attemptsOfValue * tape.count
            + text.count / Self.bytesOfAttempt
    }

    /// There were too many attempts.
    struct Exhausted: Error {}

    var isExhausted: Bool { attempts < 0 }

    /// - Returns: Whether there may be as many more.
    func attempt(_ count: Int = 1) -> Bool {
        attempts = attempts < count ? -1 : attempts - count
        return !isExhausted
    }
}

// MARK: - Values

extension JSONDocument {
    func decoder(at place: Int, in path: CodingPath?) -> any Decoder {
        makeDecoder(self, place, path)
    }
}

extension JSONDocument {
    enum Kind {
        case null, bool, number, string, array, object
    }

    func kind(at place: Int) -> Kind {
        switch bytes(at: place).span[0] {
        case UInt8(ascii: "n"): .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "{"): .object
        default: .number
        }
    }

    /// A value as it is written.
    @_lifetime(borrow self)
    func bytes(at place: Int) -> Bytes {
        let entry = tape[place]
        // This object holds the text.
        let bytes = unsafe text.lend(from: Int(entry.start), count: Int(entry.byteCount))
        return unsafe _overrideLifetime(bytes, borrowing: self)
    }

    /// The values of an array, the members of an object.
    func count(at place: Int) -> Int { Int(tape[place].count) }

    /// The place of what follows a value and all that is in it.
    func next(after place: Int) -> Int { Int(tape[place].next) }

    /// The text that a string is.
    func string(at place: Int) -> String {
        let quoted = bytes(at: place)
        return JSONString.text(of: quoted.dropFirst().prefix(quoted.count - 2))
    }
}

// MARK: - Members

extension JSONDocument {
    /// Calls `body` with the places of the name and the value of each member.
    func forEachMember<Failure: Error>(
        at place: Int, _ body: (_ name: Int, _ value: Int) throws(Failure) -> Void
    ) throws(Failure) {
        var name = place + 1
        let end = next(after: place)
        while name < end {
            try body(name, name + 1)
            name = next(after: name + 1)
        }
    }

    /// The place of the first member of that name; `nil` where there is none.
    func member(_ name: String, at place: Int, in path: CodingPath?) -> Int? {
        guard attempt() else { return nil }
        if isLookedUp(at: place) { return index(at: place, in: path)[name] }
        let wanted = Array(name.utf8)
        return member(Bytes(wanted.span), at: place)
    }

    /// Whether names are looked up, and not looked for.
    private func isLookedUp(at place: Int) -> Bool {
        count(at: place) > Self.maximumSearchCount || strategies.changesNames
    }

    private func member(_ name: Bytes, at place: Int) -> Int? {
        var next = place + 1
        let end = self.next(after: place)
        while next < end {
            if isName(at: next, name) { return next + 1 }
            next = self.next(after: next + 1)
        }
        return nil
    }

    private func isName(at place: Int, _ name: Bytes) -> Bool {
        let quoted = bytes(at: place)
        let written = quoted.dropFirst().prefix(quoted.count - 2)
        if written.firstIndex(of: UInt8(ascii: "\\")) == nil { return written == name }
        return name == JSONString.text(of: written)
    }

    /// The places of the values by their names. Each object is looked through once.
    func index(at place: Int, in path: CodingPath?) -> [String: Int] {
        if let index = indexes[place] { return index }
        var index: [String: Int] = [:]
        index.reserveCapacity(count(at: place))
        forEachMember(at: place) { name, value in
            let name = strategies.name(string(at: name), in: path)
            if index[name] == nil { index[name] = value }
        }
        indexes[place] = index
        return index
    }

    /// The names of the members, each once, in their order.
    func names(at place: Int, in path: CodingPath?) -> [String] {
        let count = count(at: place)
        guard attempt(1 + count) else { return [] }
        var names: [String] = []
        names.reserveCapacity(count)
        let index = isLookedUp(at: place) ? index(at: place, in: path) : nil
        forEachMember(at: place) { name, value in
            let name = strategies.name(string(at: name), in: path)
            let isFirst = index.map { index in index[name] == value } ?? !names.contains(name)
            if isFirst { names.append(name) }
        }
        return names
    }
}
