// SPDX-License-Identifier: MIT

/// First in, first out, in memory that is used again. On one thread at a time.
///
/// What changes lies behind a pointer: a collection in a property of a class would be guarded
/// against overlapping accesses by calls at run time, which cost more than what they guard here.
@safe
package final class Queue<Element> {
    @safe @usableFromInline
    struct State {
        @usableFromInline var elements: UnsafeMutablePointer<Element>
        /// A power of two.
        @usableFromInline var capacity: Int
        @usableFromInline var head: Int
        @usableFromInline var count: Int
    }

    @usableFromInline let state: UnsafeMutablePointer<State>

    /// Memory beyond this is given back when the queue is empty.
    @usableFromInline var keptCapacity: Int { 4096 }

    /// - Parameter capacity: How many it has room for at first, a power of two.
    package init(capacity: Int = 64) {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(
            to: State(
                elements: .allocate(capacity: capacity), capacity: capacity, head: 0, count: 0))
    }

    deinit {
        removeAll()
        unsafe state.pointee.elements.deallocate()
        unsafe state.deallocate()
    }

    @inlinable package var count: Int { unsafe state.pointee.count }

    @inlinable package var isEmpty: Bool { count == 0 }

    @inlinable package var first: Element? { count == 0 ? nil : unsafe place(0).pointee }

    /// The element at a place counted from the first.
    @inlinable package subscript(index: Int) -> Element {
        get {
            precondition(0..<count ~= index, "There is no such element in the queue.")
            return unsafe place(index).pointee
        }
        set {
            precondition(0..<count ~= index, "There is no such element in the queue.")
            unsafe place(index).pointee = newValue
        }
    }

    @inlinable package func append(_ element: consuming Element) {
        let capacity = unsafe state.pointee.capacity
        if count == capacity { resize(to: 2 * capacity) }
        // There is room for one more.
        unsafe place(count).initialize(to: element)
        unsafe state.pointee.count += 1
    }

    @discardableResult
    @inlinable package func removeFirst() -> Element? {
        if isEmpty { return nil }
        let first = unsafe place(0)
        unsafe state.pointee.head = unsafe (state.pointee.head + 1) & (state.pointee.capacity - 1)
        unsafe state.pointee.count -= 1
        let element = unsafe first.move()
        if unsafe isEmpty && state.pointee.capacity > keptCapacity { resize(to: keptCapacity) }
        return element
    }

    package func removeAll() {
        while removeFirst() != nil {}
    }

    /// Where an element is, or will be.
    @inlinable func place(_ index: Int) -> UnsafeMutablePointer<Element> {
        unsafe state.pointee.elements
            + (state.pointee.head + index) & (state.pointee.capacity - 1)
    }

    /// To a power of two, and not less than there are.
    @usableFromInline func resize(to capacity: Int) {
        let old = unsafe state.pointee.elements
        let elements = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        for index in 0..<count {
            unsafe (elements + index).moveInitialize(from: place(index), count: 1)
        }
        unsafe old.deallocate()
        unsafe state.pointee.elements = unsafe elements
        unsafe state.pointee.capacity = capacity
        unsafe state.pointee.head = 0
    }
}
