// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// What a router found out about one request. It lies on the stack of the worker for the length of
/// the handler's call.
@safe
struct RouteMatch {
    /// Outlives the call.
    private let tree: Unmanaged<RouteTree>
    /// The number of the route; `nil` where there is none.
    var route: Int?
    /// The methods of the routes that match the path, where none has the request's method.
    var methods: UInt64 = 0
    /// Of the path; as many as the route has parameters.
    private(set) var ranges: UnsafePointer<vn_range>
    /// What middleware has set.
    var stored: StoredValues

    init(of tree: RouteTree, _ ranges: UnsafePointer<vn_range>, _ stored: StoredValues) {
        unsafe self.tree = .passUnretained(tree)
        unsafe self.ranges = ranges
        self.stored = stored
    }

    /// Asks the tree without retaining it: the worker's table holds it.
    @inline(__always)
    func withTree<Result>(_ body: (RouteTree) -> Result) -> Result {
        unsafe tree._withUnsafeGuaranteedRef(body)
    }

    /// The bytes that it needs elsewhere, with its values and its ranges.
    var size: Int {
        Self.ownSize + StoredValues.memorySize + rangeCount * MemoryLayout<vn_range>.stride
    }

    /// Up to where the memory of values may begin.
    private static let ownSize = (MemoryLayout<RouteMatch>.size + 15) / 16 * 16

    private var rangeCount: Int {
        route.map { route in withTree { tree in tree.parameterCount(of: route) } } ?? 0
    }

    /// Moves it and its values, with a copy of its ranges, to memory of `size` bytes that is
    /// aligned to 16. It ends with that memory; its values are to be removed before.
    mutating func move(to memory: UnsafeMutableRawPointer) -> UnsafeMutablePointer<RouteMatch> {
        let values = unsafe memory + Self.ownSize
        let copied = unsafe (values + StoredValues.memorySize)
            .bindMemory(to: vn_range.self, capacity: rangeCount)
        unsafe copied.initialize(from: ranges, count: rangeCount)
        let match = unsafe memory.bindMemory(to: RouteMatch.self, capacity: 1)
        unsafe match.initialize(to: self)
        unsafe match.pointee.ranges = UnsafePointer(copied)
        unsafe match.pointee.stored = stored.move(to: values)
        return unsafe match
    }
}
