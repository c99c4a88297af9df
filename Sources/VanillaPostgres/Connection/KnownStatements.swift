// SPDX-License-Identifier: MIT

/// What is prepared on one connection, by the number of the statement.
@safe
final class KnownStatements {
    private var places: UnsafeMutablePointer<KnownStatement?>
    private var count = 8

    init() {
        unsafe places = .allocate(capacity: count)
        unsafe places.initialize(repeating: nil, count: count)
    }

    deinit {
        unsafe places.deinitialize(count: count)
        unsafe places.deallocate()
    }

    subscript(number: Int) -> KnownStatement? {
        get { number < count ? unsafe places[number] : nil }
        set {
            if number >= count { grow(to: max(number + 1, 2 * count)) }
            unsafe places[number] = newValue
        }
    }

    private func grow(to larger: Int) {
        let more = UnsafeMutablePointer<KnownStatement?>.allocate(capacity: larger)
        unsafe more.moveInitialize(from: places, count: count)
        unsafe (more + count).initialize(repeating: nil, count: larger - count)
        unsafe places.deallocate()
        unsafe places = unsafe more
        count = larger
    }
}
