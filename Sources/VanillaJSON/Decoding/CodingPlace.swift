// SPDX-License-Identifier: MIT

/// The keys that lead to a value: a list whose beginning is shared, and which becomes an array only
/// when something is wrong, once however often that is.
final class CodingPath {
    private let parent: CodingPath?
    private let key: any CodingKey
    private let count: Int
    private(set) lazy var keys = makeKeys()

    init(_ key: any CodingKey, in parent: CodingPath?) {
        self.parent = parent
        self.key = key
        count = 1 + (parent?.count ?? 0)
    }

    /// From the outside in.
    private func makeKeys() -> [any CodingKey] {
        var keys: [any CodingKey] = []
        keys.reserveCapacity(count)
        if let parent { keys += parent.keys }
        keys.append(key)
        return keys
    }
}

/// Where a value is: in a container, and under which key there.
struct CodingPlace {
    enum Last {
        case none
        case index(Int)
        case key(any CodingKey)
    }

    let container: CodingPath?
    let last: Last

    init(_ container: CodingPath?, _ last: Last = .none) {
        self.container = container
        self.last = last
    }

    /// That of the value, for what is in it.
    var path: CodingPath? {
        switch last {
        case .none: container
        case .index(let index): CodingPath(PlainKey.index(index), in: container)
        case .key(let key): CodingPath(key, in: container)
        }
    }

    var keys: [any CodingKey] { path?.keys ?? [] }
}

/// A key of no type of its own.
enum PlainKey: CodingKey {
    case name(String)
    case index(Int)

    init(stringValue: String) { self = .name(stringValue) }

    init(intValue: Int) { self = .index(intValue) }

    var stringValue: String {
        switch self {
        case .name(let name): name
        case .index(let index): "Index \(index)"
        }
    }

    var intValue: Int? {
        switch self {
        case .name: nil
        case .index(let index): index
        }
    }
}
