// SPDX-License-Identifier: MIT

internal import Vanilla

extension JSON {
    /// A number as it was written, which may be more exact than any type of Swift. Two are equal
    /// where they are written alike: `1` and `1.0` are not.
    public struct Number: Sendable, Hashable, CustomStringConvertible {
        /// The text, as section 6 of RFC 8259 has it.
        public let description: String

        /// A text that was scanned as a number.
        init(scanned text: String) {
            description = text
        }

        /// A whole number.
        public init<Value: FixedWidthInteger>(_ value: Value) {
            description = String(value)
        }

        /// A number with a fraction; `nil` where it is not finite, for which JSON has no text.
        public init?(_ value: Double) {
            guard value.isFinite else { return nil }
            description = value.description
        }

        /// Exactly this number; `nil` where it has a fraction or does not fit: `1e2` is 100.
        public var int: Int? { whole() }

        /// Exactly this number in any type of whole numbers; `nil` where it has a fraction or does
        /// not fit.
        public func whole<Value: FixedWidthInteger>(as type: Value.Type = Value.self) -> Value? {
            let bytes = Array(description.utf8)
            guard case .number(let value) = NumberText.whole(Bytes(bytes.span), as: type) else {
                return nil
            }
            return value
        }

        /// The nearest number; `nil` where it is beyond all that are finite.
        public var double: Double? {
            let bytes = Array(description.utf8)
            return NumberText.floating(Bytes(bytes.span))
        }
    }
}
