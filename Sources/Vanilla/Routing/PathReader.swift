// SPDX-License-Identifier: MIT

/// How a walk over the tree of routes reads a path: there is a faster way for one without escapes.
///
/// Nothing after `count` is read. A label has a byte at least, and the first one was found by
/// `symbol(_:)`.
protocol PathReader {
    var bytes: UnsafeRawPointer { get }
    var count: Int { get }

    /// The byte of the path's normal form (``PathSymbol``) at `at`.
    func symbol(_ at: Int) -> UInt8

    /// Where the path continues after a label in normal form; negative where it has another byte.
    func match(_ label: UnsafeRawPointer, _ labelCount: Int, _ at: Int) -> Int
}

extension PathReader {
    /// The end of the segment that `at` lies in.
    @inline(__always)
    func segmentEnd(_ at: Int) -> Int {
        var end = at
        // Before `count`.
        while end < count, unsafe bytes.load(fromByteOffset: end, as: UInt8.self) != slash {
            end &+= 1
        }
        return end
    }
}

private let slash = UInt8(ascii: "/")
private let percent = UInt8(ascii: "%")

/// A path without a `%`: it is its own normal form.
@safe
struct PlainPath: PathReader {
    let bytes: UnsafeRawPointer
    let count: Int

    @inline(__always)
    func symbol(_ at: Int) -> UInt8 {
        unsafe bytes.load(fromByteOffset: at, as: UInt8.self)
    }

    @inline(__always)
    func match(_ label: UnsafeRawPointer, _ labelCount: Int, _ at: Int) -> Int {
        guard labelCount <= count &- at else { return -1 }
        return unsafe hasSameBytes(bytes + at, label, labelCount) ? at &+ labelCount : -1
    }
}

/// Whether both have the same `count` bytes; the first ones are known to be. Words that overlap
/// take the place of a loop over bytes.
@inline(__always)
private func hasSameBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ count: Int) -> Bool {
    if count >= 8 {
        var at = 0
        while at &+ 8 <= count {
            guard unsafe word(a, at) == word(b, at) else { return false }
            at &+= 8
        }
        return unsafe word(a, count &- 8) == word(b, count &- 8)
    }
    if count >= 4 {
        return unsafe halfWord(a, 0) == halfWord(b, 0)
            && halfWord(a, count &- 4) == halfWord(b, count &- 4)
    }
    // At most three bytes, of which the first is known.
    return unsafe byte(a, count &- 1) == byte(b, count &- 1)
        && byte(a, count &>> 1) == byte(b, count &>> 1)
}

@inline(__always)
private func word(_ bytes: UnsafeRawPointer, _ at: Int) -> UInt64 {
    unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
}

@inline(__always)
private func halfWord(_ bytes: UnsafeRawPointer, _ at: Int) -> UInt32 {
    unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
}

@inline(__always)
private func byte(_ bytes: UnsafeRawPointer, _ at: Int) -> UInt8 {
    unsafe bytes.load(fromByteOffset: at, as: UInt8.self)
}

/// A path with escapes, all of them whole, which is brought to normal form byte by byte.
@safe
struct EscapedPath: PathReader {
    let bytes: UnsafeRawPointer
    let count: Int

    func symbol(_ at: Int) -> UInt8 {
        read(at).symbol
    }

    func match(_ label: UnsafeRawPointer, _ labelCount: Int, _ start: Int) -> Int {
        var at = start
        for index in 0..<labelCount {
            guard at < count else { return -1 }
            let (symbol, size) = read(at)
            guard unsafe symbol == byte(label, index) else { return -1 }
            at += size
        }
        return at
    }

    /// Whether every `%` of these bytes stands before two hexadecimal digits.
    @inline(never)
    static func isWhole(_ path: UnsafeRawPointer, _ count: Int) -> Bool {
        var at = 0
        while at < count {
            if unsafe byte(path, at) == percent {
                guard count - at >= 3, unsafe hexadecimalDigit(byte(path, at + 1)) != nil,
                    unsafe hexadecimalDigit(byte(path, at + 2)) != nil
                else { return false }
                at += 2
            }
            at += 1
        }
        return true
    }

    /// The byte of the normal form at `at`, and how many bytes of the path spell it.
    private func read(_ at: Int) -> (symbol: UInt8, size: Int) {
        let here = unsafe byte(bytes, at)
        if here == percent {
            // Every escape is whole.
            let high = unsafe hexadecimalDigit(byte(bytes, at + 1))!
            let low = unsafe hexadecimalDigit(byte(bytes, at + 2))!
            let escaped = high << 4 | low
            return PathSymbol.keepsEscape(escaped) ? (here, 1) : (escaped, 3)
        }
        // A `%` one or two bytes before is that of an escape which is kept: others are passed as a
        // whole.
        guard at >= 2 else { return (here, 1) }
        let before = unsafe (byte(bytes, at - 2), byte(bytes, at - 1))
        let isDigit = before.0 == percent || before.1 == percent
        return (isDigit ? PathSymbol.upperCase(here) : here, 1)
    }
}
