// SPDX-License-Identifier: MIT

/// Values of any types, one of each: a few small ones in memory that is lent, others in memory of
/// their own.
///
/// It lies on the stack of a worker, where making one must cost nothing: the memory is written to
/// when the first value comes. To be ended with `removeAll()`.
@safe
struct StoredValues {
    /// What a value in lent memory is, and where.
    private struct Place {
        let type: Any.Type
        let offset: Int
    }

    private static let maximumCount = 8
    private static let maximumBytes = 128
    private static let alignment = 16

    /// The bytes of lent memory, which are aligned to 16: the places, and then the values.
    static let memorySize = maximumCount * MemoryLayout<Place>.stride + maximumBytes

    /// Outlives this value.
    private let memory: UnsafeMutableRawPointer
    private var count = 0
    private var usedBytes = 0
    /// The values for which there is no room; retained by this value.
    private var others: Unmanaged<OtherValues>?

    init(in memory: UnsafeMutableRawPointer) {
        unsafe self.memory = unsafe memory
    }

    var isEmpty: Bool {
        @inline(__always) get { unsafe count == 0 && others == nil }
    }
}

extension StoredValues {
    /// The value of this type; `nil` where there is none.
    func value<Value>(of type: Value.Type) -> Value? {
        if let place = unsafe place(of: Value?.self) {
            // A place of this type has been initialized.
            return unsafe place.pointee
        }
        return unsafe others?._withUnsafeGuaranteedRef { $0.values[ObjectIdentifier(type)] }
            as? Value
    }

    /// Keeps `value` in place of another one of its type.
    mutating func set<Value>(_ value: Value?, of type: Value.Type) {
        if let place = unsafe place(of: Value?.self) {
            unsafe place.pointee = value
            return
        }
        let isOther = unsafe others?._withUnsafeGuaranteedRef {
            $0.values[ObjectIdentifier(type)] != nil
        }
        if isOther != true {
            if value == nil { return }
            if let room = unsafe takeRoom(for: Value?.self) {
                // Room that was taken has not been initialized.
                unsafe room.initialize(to: value)
                return
            }
        }
        if unsafe others == nil { unsafe others = .passRetained(OtherValues()) }
        unsafe others!._withUnsafeGuaranteedRef { $0.values[ObjectIdentifier(type)] = value }
    }

    /// Moves all values to a new place, which has its own memory. This one is then empty.
    mutating func move(to memory: UnsafeMutableRawPointer) -> StoredValues {
        var moved = unsafe StoredValues(in: memory)
        for index in 0..<count {
            let place = place(at: index)
            func move<Value>(_ type: Value.Type) {
                // A value of this type is there, and the new place has the same room.
                unsafe moved.pointer(at: place.offset, to: type)
                    .moveInitialize(from: pointer(at: place.offset, to: type), count: 1)
            }
            _openExistential(place.type, do: move)
            unsafe moved.places[index] = place
        }
        moved.count = count
        moved.usedBytes = usedBytes
        unsafe moved.others = unsafe others
        count = 0
        unsafe others = nil
        return moved
    }

    /// Releases all values. It can be used again.
    mutating func removeAll() {
        for index in 0..<count {
            let place = place(at: index)
            func remove<Value>(_ type: Value.Type) {
                // A value of this type is there.
                unsafe pointer(at: place.offset, to: type).deinitialize(count: 1)
            }
            _openExistential(place.type, do: remove)
        }
        count = 0
        usedBytes = 0
        // Balances `set`.
        if let others = unsafe others { unsafe others.release() }
        unsafe others = nil
    }
}

// MARK: - The lent memory

extension StoredValues {
    private var places: UnsafeMutablePointer<Place> {
        unsafe memory.assumingMemoryBound(to: Place.self)
    }

    private func place(at index: Int) -> Place {
        // Those below `count` have been initialized.
        unsafe places[index]
    }

    private func pointer<Value>(at offset: Int, to type: Value.Type) -> UnsafeMutablePointer<Value>
    {
        // An offset lies within the memory, and is aligned for its type.
        unsafe (memory + offset).assumingMemoryBound(to: type)
    }

    /// Where the value of this type lies.
    private func place<Value>(of type: Value.Type) -> UnsafeMutablePointer<Value>? {
        for index in 0..<count where place(at: index).type == type {
            return unsafe pointer(at: place(at: index).offset, to: type)
        }
        return nil
    }

    /// A place for a value of this type; `nil` where there is no room.
    private mutating func takeRoom<Value>(for type: Value.Type) -> UnsafeMutablePointer<Value>? {
        let alignment = MemoryLayout<Value>.alignment
        let start = (usedBytes + alignment - 1) / alignment * alignment
        let end = start + MemoryLayout<Value>.size
        guard count < Self.maximumCount, end <= Self.maximumBytes, alignment <= Self.alignment
        else { return nil }
        let offset = Self.maximumCount * MemoryLayout<Place>.stride + start
        // There are as many places as the count may be.
        unsafe (places + count).initialize(to: Place(type: type, offset: offset))
        count += 1
        usedBytes = end
        return unsafe pointer(at: offset, to: type)
    }
}

/// By the identity of their types.
private final class OtherValues {
    var values: [ObjectIdentifier: Any] = [:]
}
