// SPDX-License-Identifier: MIT

/// Header fields of a test's request or response, in order. Names are compared without regard to
/// case.
///
/// ```swift
/// #expect(answer.headers["content-type"] == "application/json")
/// ```
public struct TestHeaders: Sendable {
    private var lines: [(name: String, value: String)]

    init(_ lines: [(name: String, value: String)]) {
        self.lines = lines
    }

    /// The value of the first field of that name; `nil` where there is none. Setting it replaces
    /// all fields of that name; `nil` removes them.
    public subscript(name: String) -> String? {
        get { lines.first { $0.name.isSameName(as: name) }?.value }
        set {
            let place = lines.firstIndex { $0.name.isSameName(as: name) } ?? lines.endIndex
            lines.removeAll { $0.name.isSameName(as: name) }
            if let newValue { lines.insert((name, newValue), at: Swift.min(place, lines.endIndex)) }
        }
    }

    /// The values of all fields of that name, such as `Set-Cookie`, in order.
    public func values(of name: String) -> [String] {
        lines.filter { $0.name.isSameName(as: name) }.map(\.value)
    }

    /// Adds a field, whether there is one of that name or not.
    public mutating func add(_ name: String, _ value: String) {
        lines.append((name, value))
    }
}

extension TestHeaders: ExpressibleByDictionaryLiteral {
    /// The fields of a literal, in its order, where a name may be repeated.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { (name: $0.0, value: $0.1) })
    }
}

extension TestHeaders: Sequence {
    /// The fields, each with its name as it was sent.
    public func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
        lines.makeIterator()
    }
}

extension TestHeaders: CustomStringConvertible {
    /// A line for each field.
    public var description: String {
        lines.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func isSameName(as other: String) -> Bool {
        self == other || lowercased() == other.lowercased()
    }
}
