// SPDX-License-Identifier: MIT

// Options of a program become numbers of C: what does not fit is refused by name.

/// An option has a value that C cannot take. What it is an option of makes an error of its own of
/// this.
struct InvalidOption: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

extension Int {
    /// The value as C's option holds it.
    func c<Value: FixedWidthInteger>(_ option: String) throws(InvalidOption) -> Value {
        guard let value = Value(exactly: self) else {
            throw InvalidOption("\(option) is \(self), but must be 0 to \(Value.max).")
        }
        return value
    }

    /// The value as C's option holds it, which is not zero.
    func positive<Value: FixedWidthInteger>(_ option: String) throws(InvalidOption) -> Value {
        guard let value = Value(exactly: self), value > 0 else {
            throw InvalidOption("\(option) is \(self), but must be 1 to \(Value.max).")
        }
        return value
    }
}

extension Duration {
    /// Whole milliseconds, rounded up: only zero may become zero, which means no deadline.
    func c(_ option: String) throws(InvalidOption) -> UInt32 {
        guard self > .zero, self <= .milliseconds(Int64(UInt32.max)) else {
            throw InvalidOption(
                "\(option) is \(self), but must be more than zero and at most 49 days; nil turns it off."
            )
        }
        return boundedMilliseconds
    }

    /// Whole milliseconds, rounded up, none below zero, as many as C can hold beyond.
    package var boundedMilliseconds: UInt32 {
        if self <= .zero { return 0 }
        if self >= .milliseconds(Int64(UInt32.max)) { return .max }
        let attosecondsOfMillisecond: Int64 = 1_000_000_000_000_000
        let (seconds, attoseconds) = components
        let milliseconds = (attoseconds + attosecondsOfMillisecond - 1) / attosecondsOfMillisecond
        return UInt32(seconds * 1000 + milliseconds)
    }
}
