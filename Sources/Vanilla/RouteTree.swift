// SPDX-License-Identifier: MIT

internal import CVanillaIO

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The routes of a router as a radix tree: made once, never changed, read by every worker.
///
/// It lies in a few arrays that nothing moves, so that a request is matched without a retain, an
/// allocation or a check of bounds.
@safe
final class RouteTree: @unchecked Sendable {
    /// What follows a node with a first byte of one quarter of all: the bytes that there are, and the
    /// node of the lowest one. The others' nodes follow in the order of their bytes.
    struct Branch {
        var bytes: UInt64 = 0
        var first: UInt32 = 0
    }

    struct Node {
        /// Of the bytes between the parent and this node.
        var labelAt: UInt32 = 0
        var labelCount: UInt32 = 0
        /// The node behind one segment; `none` where there is none, as below.
        var parameter = RouteTree.none
        /// The endpoints of a path that ends here, and of one that goes on anyhow.
        var endpoint = RouteTree.none
        var rest = RouteTree.none
    }

    struct Endpoint {
        var methods: UInt64
        /// The route of the lowest method; the others' follow in the order of their bits.
        var routeAt: UInt32
    }

    static let none = UInt32.max

    // All of these are written in `init` only, and freed at the end of this object.
    fileprivate let nodes: UnsafeMutableBufferPointer<Node>
    /// Four for each node.
    fileprivate let branches: UnsafeMutableBufferPointer<Branch>
    fileprivate let labels: UnsafeMutableBufferPointer<UInt8>
    fileprivate let endpoints: UnsafeMutableBufferPointer<Endpoint>
    fileprivate let routeNumbers: UnsafeMutableBufferPointer<UInt32>

    /// Where each route's names begin, and where the last one's end.
    fileprivate let firstNames: UnsafeMutableBufferPointer<UInt32>
    /// The names of all parameters, as ranges of `labels`.
    fileprivate let names: UnsafeMutableBufferPointer<vn_range>

    let methods: RouteMethods

    /// - Parameter names: Of each route's parameters, in their order.
    init(_ root: RouteDraft, methods: RouteMethods, names: [[String]]) {
        var flat = FlatTree()
        flat.append(root)
        for names in names { flat.append(names) }
        unsafe nodes = copied(flat.nodes)
        unsafe branches = copied(flat.branches)
        unsafe labels = copied(flat.labels)
        unsafe endpoints = copied(flat.endpoints)
        unsafe routeNumbers = copied(flat.routeNumbers)
        unsafe firstNames = copied(flat.firstNames)
        unsafe self.names = copied(flat.names)
        self.methods = methods
    }

    deinit {
        unsafe nodes.deallocate()
        unsafe branches.deallocate()
        unsafe labels.deallocate()
        unsafe endpoints.deallocate()
        unsafe routeNumbers.deallocate()
        unsafe firstNames.deallocate()
        unsafe names.deallocate()
    }
}

extension RouteTree {
    /// The number of a route's parameters.
    func parameterCount(of route: Int) -> Int {
        // There is one more of these than there are routes.
        unsafe Int(firstNames[route + 1] - firstNames[route])
    }

    /// The place of the parameter called `name` among those of a route.
    func findParameter(_ name: Bytes, of route: Int) -> Int? {
        for index in 0..<parameterCount(of: route) {
            let range = unsafe names[Int(firstNames[route]) + index]
            // Written when the tree was made.
            let bytes = unsafe vn_span(
                bytes: labels.baseAddress! + Int(range.at), count: Int(range.count))
            if unsafe name == Bytes(lent: bytes) { return index }
        }
        return nil
    }
}

/// The tree's arrays while they grow.
private struct FlatTree {
    var nodes: [RouteTree.Node] = []
    var branches: [RouteTree.Branch] = []
    var labels: [UInt8] = []
    var endpoints: [RouteTree.Endpoint] = []
    var routeNumbers: [UInt32] = []
    var firstNames: [UInt32] = [0]
    var names: [vn_range] = []

    mutating func append(_ names: [String]) {
        for name in names {
            self.names.append(
                vn_range(at: UInt32(labels.count), count: UInt32(name.utf8.count)))
            labels += Array(name.utf8)
        }
        firstNames.append(UInt32(self.names.count))
    }

    /// Takes the root and all below it, level by level: the children of a node get places side by
    /// side.
    mutating func append(_ root: RouteDraft) {
        var waiting = [root]
        var next = 0
        place(root)
        while next < waiting.count {
            let draft = waiting[next]
            let children = draft.children.sorted { $0.label[0] < $1.label[0] }
            for child in children {
                let byte = Int(child.label[0])
                let branch = next * 4 + byte >> 6
                if branches[branch].bytes == 0 { branches[branch].first = UInt32(nodes.count) }
                branches[branch].bytes |= UInt64(1) << UInt64(byte & 63)
                place(child)
            }
            waiting += children
            if let parameter = draft.parameter {
                nodes[next].parameter = UInt32(nodes.count)
                place(parameter)
                waiting.append(parameter)
            }
            next += 1
        }
    }

    private mutating func place(_ draft: RouteDraft) {
        nodes.append(
            RouteTree.Node(
                labelAt: UInt32(labels.count), labelCount: UInt32(draft.label.count),
                endpoint: append(draft.endpoint), rest: append(draft.rest)))
        branches += [RouteTree.Branch](repeating: RouteTree.Branch(), count: 4)
        labels += draft.label
    }

    private mutating func append(_ endpoint: RouteDraft.Endpoint) -> UInt32 {
        let routes = endpoint.withHead.sorted { $0.key < $1.key }
        if routes.isEmpty { return RouteTree.none }
        let methods = routes.reduce(UInt64(0)) { set, route in set | 1 << UInt64(route.key) }
        endpoints.append(RouteTree.Endpoint(methods: methods, routeAt: UInt32(routeNumbers.count)))
        routeNumbers += routes.map { UInt32($0.value) }
        return UInt32(endpoints.count - 1)
    }
}

/// A copy that stays where it is, with at least one place, so that it has an address.
private func copied<Element: BitwiseCopyable>(
    _ array: [Element]
) -> UnsafeMutableBufferPointer<Element> {
    let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(1, array.count))
    _ = unsafe copy.initialize(from: array)
    return unsafe copy
}

// MARK: - Matching

extension RouteTree {
    /// What became of a request.
    enum Outcome {
        /// The route's number.
        case route(Int)
        /// The path has routes for these methods only, or for none at all.
        case miss(methods: UInt64)
        /// A `%` of the path stands before something else than two hexadecimal digits.
        case malformed
    }

    /// Finds the route of a request, and its parameters' ranges of the path, for which there is room
    /// for `Router.parametersAtMost`.
    func find(_ request: Request, _ ranges: UnsafeMutablePointer<vn_range>) -> Outcome {
        let path = unsafe vn_request_path(request.pointer)
        // The path is never empty, and so has an address.
        let bytes = unsafe path.bytes!
        let escape = unsafe memchr(bytes, Int32(UInt8(ascii: "%")), path.count)
        let hasEscapes = unsafe escape != nil
        if hasEscapes, unsafe !escapesAreWhole(bytes, path.count) { return .malformed }

        var search = unsafe RouteSearch(
            tree: self, path: bytes, count: path.count, hasEscapes: hasEscapes,
            method: methods.set(of: request), ranges: ranges)
        let route = search.find(from: 0, at: 0, parameters: 0)
        return route >= 0 ? .route(route) : .miss(methods: search.allowed)
    }

    /// The same for who does not want the parameters.
    func find(_ request: Request) -> Outcome {
        unsafe withUnsafeTemporaryAllocation(of: vn_range.self, capacity: Router.parametersAtMost) {
            // It has places, and so an address.
            ranges in unsafe find(request, ranges.baseAddress!)
        }
    }
}

@inline(never)
private func escapesAreWhole(_ path: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var at = 0
    while at < count {
        if unsafe path[at] == UInt8(ascii: "%") {
            guard count - at >= 3, unsafe hexadecimalDigit(path[at + 1]) != nil,
                unsafe hexadecimalDigit(path[at + 2]) != nil
            else { return false }
            at += 2
        }
        at += 1
    }
    return true
}

/// One walk over a tree.
///
/// Each node is visited once at most, because there is one way to it and so one place in the path
/// where it can be reached; ``Router/stepsAtMost`` bounds how many one path leads to. What is read
/// of the path lies before `count`, and what is read of the tree's arrays was written when it was
/// made.
@safe
private struct RouteSearch {
    let nodes: UnsafePointer<RouteTree.Node>
    let branches: UnsafePointer<RouteTree.Branch>
    let labels: UnsafePointer<UInt8>
    let endpoints: UnsafePointer<RouteTree.Endpoint>
    let routeNumbers: UnsafePointer<UInt32>

    let path: UnsafePointer<UInt8>
    let count: Int
    /// Every escape is whole.
    let hasEscapes: Bool
    let method: UInt64
    let ranges: UnsafeMutablePointer<vn_range>
    /// The methods of the routes that match the path.
    var allowed: UInt64 = 0

    @inline(__always)
    init(
        tree: RouteTree, path: UnsafePointer<UInt8>, count: Int, hasEscapes: Bool, method: UInt64,
        ranges: UnsafeMutablePointer<vn_range>
    ) {
        // Each has at least one place.
        unsafe nodes = UnsafePointer(tree.nodes.baseAddress!)
        unsafe branches = UnsafePointer(tree.branches.baseAddress!)
        unsafe labels = UnsafePointer(tree.labels.baseAddress!)
        unsafe endpoints = UnsafePointer(tree.endpoints.baseAddress!)
        unsafe routeNumbers = UnsafePointer(tree.routeNumbers.baseAddress!)
        unsafe self.path = path
        self.count = count
        self.hasEscapes = hasEscapes
        self.method = method
        unsafe self.ranges = ranges
    }

    /// The route of what lies at and behind `at`; negative where there is none. Recursive only where
    /// one path can go on in several ways.
    mutating func find(from start: UInt32, at startAt: Int, parameters startCount: Int) -> Int {
        var node = start
        var at = startAt
        var parameters = startCount
        while true {
            let here = unsafe nodes[Int(node)]
            if at == count {
                let route = route(of: here.endpoint)
                return route >= 0 ? route : self.rest(here, at, parameters)
            }

            let child = child(of: node, at)
            if child != RouteTree.none {
                let end = matchLabel(of: child, at)
                if here.parameter == RouteTree.none, here.rest == RouteTree.none {
                    if end < 0 { return -1 }
                    node = child
                    at = end
                    continue
                }
                if end >= 0 {
                    let route = find(from: child, at: end, parameters: parameters)
                    if route >= 0 { return route }
                }
            }

            let end = here.parameter == RouteTree.none ? at : segmentEnd(at)
            guard end > at else { return self.rest(here, at, parameters) }
            keep(at, end, parameters)
            if here.rest == RouteTree.none {
                node = here.parameter
                at = end
                parameters += 1
                continue
            }
            let route = find(from: here.parameter, at: end, parameters: parameters + 1)
            return route >= 0 ? route : self.rest(here, at, parameters)
        }
    }

    /// The route for the request's method, which may be none although the path matches.
    @inline(__always)
    private mutating func route(of number: UInt32) -> Int {
        guard number != RouteTree.none else { return -1 }
        let endpoint = unsafe endpoints[Int(number)]
        allowed |= endpoint.methods
        guard endpoint.methods & method != 0 else { return -1 }
        let index = Int(endpoint.routeAt) + (endpoint.methods & (method &- 1)).nonzeroBitCount
        return unsafe Int(routeNumbers[index])
    }

    @inline(__always)
    private mutating func rest(_ node: RouteTree.Node, _ at: Int, _ parameters: Int) -> Int {
        guard node.rest != RouteTree.none else { return -1 }
        keep(at, count, parameters)
        return route(of: node.rest)
    }

    @inline(__always)
    private func keep(_ at: Int, _ end: Int, _ index: Int) {
        // A pattern has no more parameters than there is room for.
        unsafe ranges[index] = vn_range(
            at: UInt32(truncatingIfNeeded: at), count: UInt32(truncatingIfNeeded: end - at))
    }

    /// The child that goes on with the byte at `at`.
    @inline(__always)
    private func child(of node: UInt32, _ at: Int) -> UInt32 {
        let byte = hasEscapes ? symbol(at).byte : unsafe path[at]
        let branch = unsafe branches[Int(node) * 4 + Int(byte >> 6)]
        let bit = 1 &<< UInt64(byte & 63)
        guard branch.bytes & bit != 0 else { return RouteTree.none }
        return branch.first
            &+ UInt32(truncatingIfNeeded: (branch.bytes & (bit - 1)).nonzeroBitCount)
    }

    /// Where the path goes on behind the node's label; negative where it has another byte.
    @inline(__always)
    private func matchLabel(of node: UInt32, _ at: Int) -> Int {
        let here = unsafe nodes[Int(node)]
        if hasEscapes { return matchEscapedLabel(here, at) }
        let size = Int(here.labelCount)
        guard size <= count - at else { return -1 }
        // The first byte led here.
        for index in 1..<size {
            if unsafe labels[Int(here.labelAt) + index] != path[at + index] { return -1 }
        }
        return at + size
    }

    @inline(never)
    private func matchEscapedLabel(_ node: RouteTree.Node, _ start: Int) -> Int {
        var at = start
        for index in 0..<Int(node.labelCount) {
            guard at < count else { return -1 }
            let symbol = symbol(at)
            guard unsafe symbol.byte == labels[Int(node.labelAt) + index] else { return -1 }
            at += symbol.count
        }
        return at
    }

    /// The byte of the path's normal form at `at`, and how many bytes of the path it is.
    private func symbol(_ at: Int) -> (byte: UInt8, count: Int) {
        let byte = unsafe path[at]
        if byte == UInt8(ascii: "%") {
            // Every escape is whole.
            let high = unsafe hexadecimalDigit(path[at + 1])!
            let low = unsafe hexadecimalDigit(path[at + 2])!
            let escaped = high << 4 | low
            return PathSymbol.keepsEscape(escaped) ? (byte, 1) : (escaped, 3)
        }
        // A `%` one or two bytes before is that of an escape which is kept: others are passed as a
        // whole.
        guard at >= 2 else { return (byte, 1) }
        let before = unsafe (path[at - 2], path[at - 1])
        let isDigit = before.0 == UInt8(ascii: "%") || before.1 == UInt8(ascii: "%")
        return (isDigit ? PathSymbol.upperCase(byte) : byte, 1)
    }

    /// The end of the segment that `at` lies in.
    @inline(__always)
    private func segmentEnd(_ at: Int) -> Int {
        var end = at
        while end < count, unsafe path[end] != UInt8(ascii: "/") { end += 1 }
        return end
    }
}
