// SPDX-License-Identifier: MIT

/// The tree of routes while it is built: easy to change, and made into a ``RouteTree`` once.
///
/// Literals share their common beginnings byte by byte; a parameter or a rest hangs below the slash
/// before it.
final class RouteDraft {
    /// What ends at one place of the tree: a route for each method.
    struct Endpoint {
        /// The index of a route by the bit of its method (``RouteMethods``).
        var routes: [Int: Int] = [:]
    }

    /// The most bytes of a label.
    private static let maximumLabelCount = 32

    /// The literal bytes between the parent and this node.
    var label: [UInt8]
    /// Those which go on with a literal byte; each begins with another one.
    var children: [RouteDraft] = []
    /// What follows one segment, whatever it is.
    var parameter: RouteDraft?
    /// Where the path ends here.
    var endpoint = Endpoint()
    /// Where anything may follow.
    var rest = Endpoint()

    init(label: [UInt8] = []) {
        self.label = label
    }

    /// Adds a route for the methods with these bits.
    ///
    /// - Returns: The route that has one of these methods and matches the same paths; `nil` where
    ///   there is none, and the route was added.
    func add(_ pattern: RoutePattern, route: Int, methods: [Int]) -> Int? {
        var node = self
        for part in pattern.parts {
            switch part {
            case .literal(let bytes):
                node = node.descend(bytes[...])
            case .parameter:
                let next = node.parameter ?? RouteDraft()
                node.parameter = next
                node = next
            case .rest:
                return node.rest.add(route, methods)
            }
        }
        return node.endpoint.add(route, methods)
    }

    /// The node that `bytes` lead to, made where there is none.
    private func descend(_ bytes: ArraySlice<UInt8>) -> RouteDraft {
        guard let first = bytes.first else { return self }
        guard let child = children.first(where: { $0.label[0] == first }) else {
            let child = RouteDraft(label: Array(bytes.prefix(Self.maximumLabelCount)))
            children.append(child)
            return child.descend(bytes.dropFirst(child.label.count))
        }
        let common = zip(child.label, bytes).prefix { $0 == $1 }.count
        if common < child.label.count { child.split(at: common) }
        return child.descend(bytes.dropFirst(common))
    }

    /// Keeps the first `count` bytes of the label, and gives the rest, and all that hangs on this
    /// node, to a new child.
    private func split(at count: Int) {
        let lower = RouteDraft(label: Array(label[count...]))
        swap(&lower.children, &children)
        swap(&lower.parameter, &parameter)
        swap(&lower.endpoint, &endpoint)
        swap(&lower.rest, &rest)
        label = Array(label[..<count])
        children = [lower]
    }

    /// The most nodes that one path can lead to. Of the literal children a path takes one; the
    /// parameter is tried where that child had no route for it, and the rest after both.
    var maximumStepCount: Int {
        let literal = children.map(\.maximumStepCount).max() ?? 0
        return 1 + literal + (parameter?.maximumStepCount ?? 0) + (rest.routes.isEmpty ? 0 : 1)
    }
}

extension RouteDraft.Endpoint {
    fileprivate mutating func add(_ route: Int, _ methods: [Int]) -> Int? {
        for method in methods {
            if let other = routes[method] { return other }
        }
        for method in methods { routes[method] = route }
        return nil
    }

    /// A route for HEAD wherever there is one for GET (RFC 9110, section 9.3.2).
    var withHead: [Int: Int] {
        guard let get = routes[RouteMethods.get], routes[RouteMethods.head] == nil else {
            return routes
        }
        return routes.merging([RouteMethods.head: get]) { own, _ in own }
    }
}
