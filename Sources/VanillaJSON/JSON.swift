// SPDX-License-Identifier: MIT

/// Any JSON: a value of which nothing else is known.
///
/// ```swift
/// let value = try request.decode(JSON.self)
/// let city = value["address"]?["city"]?.string ?? "unknown"
/// ```
///
/// It is read in one pass over the body, which no enumeration of one's own can be: such a type
/// tries one decoding after the other for each value. RFC 8259 has these six kinds of values, so
/// this is an enumeration and gets no others.
public enum JSON: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as it was written.
    case number(JSON.Number)
    /// A string.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object. Of members with one name the first counts, and their order is not kept.
    case object([String: JSON])
}

extension JSON {
    /// Whether this is `null`.
    public var isNull: Bool { self == .null }

    /// The truth value; `nil` of anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The number; `nil` of anything else. Its ``JSON/Number/int`` and ``JSON/Number/double`` are
    /// numbers of Swift.
    public var number: JSON.Number? { if case .number(let value) = self { value } else { nil } }

    /// The text; `nil` of anything else.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The elements; `nil` of anything else.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

    /// The members; `nil` of anything else.
    public var object: [String: JSON]? { if case .object(let value) = self { value } else { nil } }

    /// The member of that name; `nil` where there is none, and of anything but an object.
    public subscript(name: String) -> JSON? { object?[name] }

    /// The element at that place; `nil` where there is none, and of anything but an array.
    public subscript(index: Int) -> JSON? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(JSON.Number(value)) }
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object. Of members with one name the first counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { first, _ in first })
    }
}
