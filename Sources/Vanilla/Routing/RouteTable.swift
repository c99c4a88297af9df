// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The handlers of one worker behind the tree that all workers share. It stays on the worker's
/// thread.
///
/// Handlers are read without retaining anything: see docs/PERFORMANCE.md before changing that.
@safe
final class RouteTable {
    private let tree: RouteTree
    /// One for each route, and after them one for each miss. Written in `init` only, and released
    /// at the end of this object.
    private let handlers: UnsafeMutableBufferPointer<Unmanaged<RouteHandler>>
    private let routeCount: Int

    /// - Parameter routes: In the order of their numbers.
    init(_ tree: RouteTree, _ routes: [RouteHandler], misses: [RouteHandler]) {
        self.tree = tree
        routeCount = routes.count
        unsafe handlers = .allocate(capacity: routes.count + misses.count)
        for (index, handler) in (routes + misses).enumerated() {
            unsafe handlers.initializeElement(at: index, to: .passRetained(handler))
        }
    }

    deinit {
        // Balances `init`.
        for index in unsafe handlers.indices { unsafe handlers[index].release() }
        unsafe handlers.deallocate()
    }

    func handle(_ request: Request, _ response: inout ResponseWriter) throws {
        // On the stack, as it is small and of a fixed size.
        try unsafe withUnsafeTemporaryAllocation(
            byteCount: StoredValues.memorySize + Self.rangesSize, alignment: 16
        ) { memory in
            // It has bytes, and so an address: of the values, and of the ranges after them.
            let values = memory.baseAddress!
            let ranges = unsafe (values + StoredValues.memorySize)
                .bindMemory(to: vn_range.self, capacity: RoutePattern.maximumParameterCount)
            var match = unsafe RouteMatch(
                of: tree, UnsafePointer(ranges), StoredValues(in: values))
            defer { if !match.stored.isEmpty { match.stored.removeAll() } }
            let number = number(of: unsafe tree.find(request, ranges), request, &match)
            if number < routeCount {
                unsafe vn_response_set_route(response.pointer, tree.pattern(of: number))
            }
            try unsafe withUnsafeMutablePointer(to: &match) { match in
                // The table has a handler for each number, and lives as long as this call.
                try unsafe handlers[number]._withUnsafeGuaranteedRef { handler in
                    try handler.handle(unsafe Request(request, lent: match), &response)
                }
            }
        }
    }

    private static var rangesSize: Int {
        RoutePattern.maximumParameterCount * MemoryLayout<vn_range>.stride
    }

    /// The number of the handler, and what it is told.
    @inline(__always)
    private func number(
        of outcome: RouteTree.Outcome, _ request: Request, _ match: inout RouteMatch
    ) -> Int {
        switch outcome {
        case .route(let route):
            match.route = route
            return route
        case .miss(let methods):
            match.methods = methods
            let miss: Router.Miss =
                methods == 0 ? .notFound : request.method == .options ? .options : .methodNotAllowed
            return routeCount + miss.place
        case .malformed:
            return routeCount + Router.Miss.malformedPath.place
        }
    }
}
