// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The routes of a router as a radix tree: made once, never changed, read by every worker.
///
/// It lies in a few arrays that nothing moves, so that a request is matched without a retain, an
/// allocation or a check of bounds. A node with its label is one cache line.
@safe
final class RouteTree: @unchecked Sendable {
    struct Node {
        /// The bytes between the parent and this node.
        var label: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        /// The first bytes of the children, in their order, where there are up to eight; the last
        /// one again in the places left.
        var firstBytes: UInt64 = 0
        /// The first child; the others follow. `none` where there is none, as below.
        var children = RouteTree.none
        /// A table of `wide`, where there are more children.
        var wide = RouteTree.none
        /// The node after one segment.
        var parameter = RouteTree.none
        /// The endpoints of a path that ends here, and of one that goes on anyhow.
        var endpoint = RouteTree.none
        var rest = RouteTree.none
        var labelCount: UInt32 = 0
    }

    struct Endpoint {
        var methods: UInt64
        /// The one route for all of them; `none` where there are several.
        var route: UInt32
        /// The route of the lowest method; the others' follow in the order of their bits.
        var routeAt: UInt32
    }

    static let none = UInt32.max

    // All of these are written in `init` only, and freed at the end of this object.
    fileprivate let nodes: UnsafeMutablePointer<Node>
    /// For each node with more than eight children a table of 256 places: a child's place among
    /// them, by its first byte, or `noChild`.
    fileprivate let wide: UnsafeMutablePointer<UInt16>
    fileprivate let endpoints: UnsafeMutablePointer<Endpoint>
    fileprivate let routeNumbers: UnsafeMutablePointer<UInt32>
    /// Where each route's names begin, and where the last one's end.
    fileprivate let firstNames: UnsafeMutablePointer<UInt32>
    /// The names of all parameters, as ranges of `nameBytes`.
    fileprivate let names: UnsafeMutablePointer<vn_range>
    fileprivate let nameBytes: UnsafeMutablePointer<UInt8>
    /// The pattern of each route, as ranges of memory that this object owns.
    fileprivate let patterns: UnsafeMutablePointer<vn_span>
    fileprivate let patternBytes: UnsafeMutablePointer<UInt8>

    let methods: RouteMethods

    /// - Parameters:
    ///   - names: Of each route's parameters, in their order.
    ///   - paths: Of each route, as it was written.
    init(_ root: RouteDraft, methods: RouteMethods, names: [[String]], paths: [String]) {
        var flat = FlatTree()
        flat.append(root)
        for names in names { flat.append(names) }
        unsafe nodes = copied(flat.nodes)
        unsafe wide = copied(flat.wide)
        unsafe endpoints = copied(flat.endpoints)
        unsafe routeNumbers = copied(flat.routeNumbers)
        unsafe firstNames = copied(flat.firstNames)
        unsafe self.names = copied(flat.names)
        unsafe nameBytes = copied(flat.nameBytes)
        let bytes = unsafe copied(paths.flatMap(\.utf8))
        unsafe patternBytes = bytes
        var at = 0
        unsafe patterns = copied(
            paths.map { path in
                defer { at += path.utf8.count }
                return unsafe vn_span(bytes: bytes + at, count: path.utf8.count)
            })
        self.methods = methods
    }

    deinit {
        unsafe nodes.deallocate()
        unsafe wide.deallocate()
        unsafe endpoints.deallocate()
        unsafe routeNumbers.deallocate()
        unsafe firstNames.deallocate()
        unsafe names.deallocate()
        unsafe nameBytes.deallocate()
        unsafe patterns.deallocate()
        unsafe patternBytes.deallocate()
    }
}

extension RouteTree {
    /// The number of a route's parameters.
    func parameterCount(of route: Int) -> Int {
        // There is one more of these than there are routes.
        unsafe Int(firstNames[route + 1] - firstNames[route])
    }

    /// The pattern of a route, for C, which keeps it as long as a server may live: this object.
    @inline(__always)
    func pattern(of route: Int) -> UnsafePointer<vn_span> {
        unsafe UnsafePointer(patterns + route)
    }

    /// The place of the parameter called `name` among those of a route.
    func findParameter(_ name: Bytes, of route: Int) -> Int? {
        for index in 0..<parameterCount(of: route) {
            let range = unsafe names[Int(firstNames[route]) + index]
            // Written when the tree was made.
            let bytes = unsafe vn_span(bytes: nameBytes + Int(range.at), count: Int(range.count))
            if unsafe name == Bytes(lent: bytes) { return index }
        }
        return nil
    }
}

/// In a table of `wide`.
private let noChild = UInt16.max

/// The tree's arrays while they grow.
private struct FlatTree {
    var nodes: [RouteTree.Node] = []
    var wide: [UInt16] = []
    var endpoints: [RouteTree.Endpoint] = []
    var routeNumbers: [UInt32] = []
    var firstNames: [UInt32] = [0]
    var names: [vn_range] = []
    var nameBytes: [UInt8] = []

    mutating func append(_ names: [String]) {
        for name in names {
            self.names.append(
                vn_range(at: UInt32(nameBytes.count), count: UInt32(name.utf8.count)))
            nameBytes += Array(name.utf8)
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
            if !draft.children.isEmpty {
                nodes[next].children = UInt32(nodes.count)
                note(firstBytes: draft.children.map { $0.label[0] }, of: next)
                for child in draft.children { place(child) }
                waiting += draft.children
            }
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
                label: words(draft.label), endpoint: append(draft.endpoint),
                rest: append(draft.rest), labelCount: UInt32(draft.label.count)))
    }

    private mutating func note(firstBytes: [UInt8], of node: Int) {
        if firstBytes.count <= 8 {
            for place in 0..<8 {
                let byte = firstBytes[min(place, firstBytes.count - 1)]
                nodes[node].firstBytes |= UInt64(byte) << UInt64(place * 8)
            }
        } else {
            nodes[node].wide = UInt32(wide.count)
            var table = [UInt16](repeating: noChild, count: 256)
            for (place, byte) in firstBytes.enumerated() { table[Int(byte)] = UInt16(place) }
            wide += table
        }
    }

    private mutating func append(_ endpoint: RouteDraft.Endpoint) -> UInt32 {
        let routes = endpoint.withHead.sorted { $0.key < $1.key }
        guard let first = routes.first else { return RouteTree.none }
        let isOne = routes.allSatisfy { $0.value == first.value }
        endpoints.append(
            RouteTree.Endpoint(
                methods: routes.reduce(UInt64(0)) { set, route in set | 1 << UInt64(route.key) },
                route: isOne ? UInt32(first.value) : RouteTree.none,
                routeAt: UInt32(routeNumbers.count)))
        routeNumbers += routes.map { UInt32($0.value) }
        return UInt32(endpoints.count - 1)
    }
}

/// A label as it lies in memory.
private func words(_ label: [UInt8]) -> (UInt64, UInt64, UInt64, UInt64) {
    func word(_ index: Int) -> UInt64 {
        let bytes = label.dropFirst(index * 8).prefix(8)
        let number = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return number.littleEndian
    }
    return (word(0), word(1), word(2), word(3))
}

/// A copy that stays where it is, on a cache line.
private func copied<Element: BitwiseCopyable>(_ array: [Element]) -> UnsafeMutablePointer<Element> {
    let copy = UnsafeMutableRawPointer.allocate(
        byteCount: array.count * MemoryLayout<Element>.stride, alignment: 64)
    return unsafe array.withUnsafeBufferPointer { array in
        guard let first = array.baseAddress else {
            return unsafe copy.bindMemory(to: Element.self, capacity: 0)
        }
        // The room is for all of them.
        return unsafe copy.initializeMemory(as: Element.self, from: first, count: array.count)
    }
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

    /// Finds the route of a request, and its parameters' ranges of the path, for which there is
    /// room for `RoutePattern.maximumParameterCount`.
    func find(_ request: Request, _ ranges: UnsafeMutablePointer<vn_range>) -> Outcome {
        let path = unsafe vn_request_path(request.pointer)
        // The path is never empty, and so has an address.
        let bytes = unsafe UnsafeRawPointer(path.bytes!)
        if unsafe !hasByte(UInt8(ascii: "%"), bytes, path.count) {
            return unsafe find(
                PlainPath(bytes: bytes, count: path.count), methods.set(of: request), ranges)
        }
        guard unsafe EscapedPath.isWhole(bytes, path.count) else { return .malformed }
        return unsafe find(
            EscapedPath(bytes: bytes, count: path.count), methods.set(of: request), ranges)
    }

    /// The same without the parameters.
    func find(_ request: Request) -> Outcome {
        unsafe withUnsafeTemporaryAllocation(
            of: vn_range.self, capacity: RoutePattern.maximumParameterCount
        ) {
            // It has places, and so an address.
            ranges in unsafe find(request, ranges.baseAddress!)
        }
    }

    @inline(__always)
    private func find<Path: PathReader>(
        _ path: Path, _ method: UInt64, _ ranges: UnsafeMutablePointer<vn_range>
    ) -> Outcome {
        var search = unsafe RouteSearch(
            nodes: nodes, wide: wide, endpoints: endpoints, routeNumbers: routeNumbers, path: path,
            method: method, ranges: ranges)
        let route = search.find(from: 0, at: 0, parameters: 0)
        return route >= 0 ? .route(route) : .miss(methods: search.allowed)
    }
}

/// One walk over a tree.
///
/// Each node is visited once at most, because there is one way to it and so one place in the path
/// where it can be reached; ``Router/maximumStepCount`` bounds how many one path leads to. What is
/// read of the path lies before its end, and what is read of the tree's arrays was written when it
/// was made.
@safe
private struct RouteSearch<Path: PathReader> {
    let nodes: UnsafePointer<RouteTree.Node>
    let wide: UnsafePointer<UInt16>
    let endpoints: UnsafePointer<RouteTree.Endpoint>
    let routeNumbers: UnsafePointer<UInt32>
    let path: Path
    /// The set of the request's method alone.
    let method: UInt64
    let ranges: UnsafeMutablePointer<vn_range>
    /// The methods of the routes that match the path.
    var allowed: UInt64 = 0

    /// The route of what lies at and after `startAt`; negative where there is none. Recursive only
    /// where one path can go on in several ways.
    mutating func find(from start: UInt32, at startAt: Int, parameters startCount: Int) -> Int {
        var node = unsafe nodes + Int(start)
        var at = startAt
        var parameters = startCount
        while true {
            if at == path.count {
                let route = unsafe route(of: node.pointee.endpoint)
                return unsafe route >= 0 ? route : rest(node, at, parameters)
            }

            let parameter = unsafe node.pointee.parameter
            let isOnlyWay =
                unsafe parameter == RouteTree.none && node.pointee.rest == RouteTree.none
            let child = unsafe child(of: node, path.symbol(at))
            if child != RouteTree.none {
                let next = unsafe nodes + Int(child)
                // The label is what a node begins with.
                let end = unsafe path.match(
                    UnsafeRawPointer(next), Int(next.pointee.labelCount), at)
                if isOnlyWay {
                    if end < 0 { return -1 }
                    unsafe node = unsafe next
                    at = end
                    continue
                }
                if end >= 0 {
                    let route = find(from: child, at: end, parameters: parameters)
                    if route >= 0 { return route }
                }
            }
            if isOnlyWay { return -1 }

            let end = parameter == RouteTree.none ? at : path.segmentEnd(at)
            guard end > at else { return unsafe rest(node, at, parameters) }
            keep(at, end, parameters)
            if unsafe node.pointee.rest != RouteTree.none {
                let route = find(from: parameter, at: end, parameters: parameters &+ 1)
                return unsafe route >= 0 ? route : rest(node, at, parameters)
            }
            unsafe node = unsafe nodes + Int(parameter)
            at = end
            parameters &+= 1
        }
    }

    /// The route for the request's method, which may be none although the path matches.
    @inline(__always)
    private mutating func route(of number: UInt32) -> Int {
        guard number != RouteTree.none else { return -1 }
        let endpoint = unsafe endpoints[Int(number)]
        allowed |= endpoint.methods
        guard endpoint.methods & method != 0 else { return -1 }
        if endpoint.route != RouteTree.none { return Int(endpoint.route) }
        let place = (endpoint.methods & (method &- 1)).nonzeroBitCount
        return unsafe Int(routeNumbers[Int(endpoint.routeAt) &+ place])
    }

    @inline(__always)
    private mutating func rest(
        _ node: UnsafePointer<RouteTree.Node>, _ at: Int, _ parameters: Int
    ) -> Int {
        guard unsafe node.pointee.rest != RouteTree.none else { return -1 }
        keep(at, path.count, parameters)
        return unsafe route(of: node.pointee.rest)
    }

    @inline(__always)
    private func keep(_ at: Int, _ end: Int, _ index: Int) {
        // A pattern has no more parameters than there is room for.
        unsafe ranges[index] = vn_range(
            at: UInt32(truncatingIfNeeded: at), count: UInt32(truncatingIfNeeded: end &- at))
    }

    /// The child that begins with `byte`.
    @inline(__always)
    private func child(of node: UnsafePointer<RouteTree.Node>, _ byte: UInt8) -> UInt32 {
        let first = unsafe node.pointee.children
        if first == RouteTree.none { return RouteTree.none }
        if unsafe node.pointee.wide != RouteTree.none {
            let place = unsafe wide[Int(node.pointee.wide) &+ Int(byte)]
            return place == noChild ? RouteTree.none : first &+ UInt32(place)
        }
        // The lowest byte that is zero once those that are equal are.
        let ones = UInt64(0x0101_0101_0101_0101)
        let differences = unsafe node.pointee.firstBytes ^ (ones &* UInt64(byte))
        let zeros = (differences &- ones) & ~differences & ones &<< 7
        if zeros == 0 { return RouteTree.none }
        return first &+ UInt32(truncatingIfNeeded: zeros.trailingZeroBitCount &>> 3)
    }
}
