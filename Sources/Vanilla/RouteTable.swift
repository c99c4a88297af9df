// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The handlers of one worker behind the tree that all workers share. It stays on the worker's
/// thread.
///
/// Handlers are read without retaining anything: see docs/PERFORMANCE.md before changing that.
@safe
final class RouteTable {
    private let tree: RouteTree
    /// One for each route, and behind them one for each miss. Written in `init` only, and released
    /// at the end of this object.
    private let handlers: UnsafeMutableBufferPointer<Unmanaged<RouteHandler>>
    private let routeCount: Int

    init(_ tree: RouteTree, _ list: RouteList) {
        self.tree = tree
        let all = list.routes.map(\.handler) + list.misses
        unsafe handlers = .allocate(capacity: all.count)
        _ = unsafe handlers.initialize(
            from: all.map { unsafe Unmanaged.passRetained(RouteHandler($0)) })
        routeCount = list.routes.count
    }

    deinit {
        // Balances `init`.
        for index in unsafe handlers.indices { unsafe handlers[index].release() }
        unsafe handlers.deallocate()
    }

    func handle(_ request: Request, _ response: inout ResponseWriter) throws {
        // On the stack, as it is small and of a fixed size.
        try unsafe withUnsafeTemporaryAllocation(
            of: vn_range.self, capacity: Router.parametersAtMost
        ) { ranges in
            // It has places, and so an address.
            let ranges = ranges.baseAddress!
            var match = unsafe RouteMatch(tree: tree, ranges: UnsafePointer(ranges))
            let number = number(of: unsafe tree.find(request, ranges), request, &match)
            try unsafe withUnsafePointer(to: &match) { match in
                // The table has a handler for each number, and lives as long as this call.
                try unsafe handlers[number]._withUnsafeGuaranteedRef { handler in
                    try handler.handle(unsafe Request(request, lent: match), &response)
                }
            }
        }
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

/// A handler at a fixed place.
private final class RouteHandler {
    let handle: Server.Handler

    init(_ handle: @escaping Server.Handler) {
        self.handle = handle
    }
}
