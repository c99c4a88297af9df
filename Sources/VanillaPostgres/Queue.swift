// SPDX-License-Identifier: MIT

/// First in, first out, in memory that is used again.
struct Queue<Element> {
    private var elements: [Element?]
    private var head = 0
    private(set) var count = 0

    /// `capacity` is a power of two.
    init(capacity: Int = 64) {
        elements = Array(repeating: nil, count: capacity)
    }

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : elements[head] }

    mutating func append(_ element: Element) {
        if count == elements.count { grow() }
        elements[(head + count) & (elements.count - 1)] = element
        count += 1
    }

    @discardableResult
    mutating func removeFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = elements[head]
        elements[head] = nil
        head = (head + 1) & (elements.count - 1)
        count -= 1
        return element
    }

    /// The element at a place counted from the first.
    subscript(index: Int) -> Element { elements[(head + index) & (elements.count - 1)]! }

    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(2 * count)
        for index in 0..<count { larger.append(self[index]) }
        larger.append(contentsOf: repeatElement(nil, count: 2 * max(count, 1) - count))
        elements = larger
        head = 0
    }
}
