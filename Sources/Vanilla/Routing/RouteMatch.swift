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

    init(of tree: RouteTree, _ ranges: UnsafePointer<vn_range>) {
        unsafe self.tree = .passUnretained(tree)
        unsafe self.ranges = ranges
    }

    /// Asks the tree without retaining it: the worker's table holds it.
    @inline(__always)
    func withTree<Result>(_ body: (RouteTree) -> Result) -> Result {
        unsafe tree._withUnsafeGuaranteedRef(body)
    }

    /// The bytes that a copy with its ranges needs.
    var size: Int {
        MemoryLayout<RouteMatch>.stride + rangeCount * MemoryLayout<vn_range>.stride
    }

    private var rangeCount: Int {
        route.map { route in withTree { tree in tree.parameterCount(of: route) } } ?? 0
    }

    /// A copy with its ranges, in as much memory as it needs. It ends with that memory.
    func copy(to memory: UnsafeMutableRawPointer) -> UnsafePointer<RouteMatch> {
        let copied = unsafe (memory + MemoryLayout<RouteMatch>.stride)
            .bindMemory(to: vn_range.self, capacity: rangeCount)
        unsafe copied.initialize(from: ranges, count: rangeCount)
        let match = unsafe memory.bindMemory(to: RouteMatch.self, capacity: 1)
        unsafe match.initialize(to: self)
        unsafe match.pointee.ranges = UnsafePointer(copied)
        return unsafe UnsafePointer(match)
    }
}
