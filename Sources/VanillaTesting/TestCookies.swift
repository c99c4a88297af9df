// SPDX-License-Identifier: MIT

internal import Vanilla

/// The cookies that a ``TestClient`` has, which it takes from its answers and sends with its
/// requests (RFC 6265).
///
/// There is one host, so `Domain` counts for nothing; `Secure` cookies are sent as well, as
/// browsers do to localhost.
public final class TestCookies: Sendable {
    private struct Cookie {
        let name: String
        let path: String
        var value: String
        /// `nil` for one that lasts as long as the client.
        var end: ContinuousClock.Instant?

        /// RFC 6265, section 5.1.4.
        func matches(_ requested: String) -> Bool {
            requested == path
                || (requested.hasPrefix(path)
                    && (path.hasSuffix("/") || requested.dropFirst(path.count).first == "/"))
        }
    }

    private let isOn: Bool
    private let cookies = Lock([Cookie]())

    init(isOn: Bool) {
        self.isOn = isOn
    }

    /// The value of the cookie of that name; `nil` where there is none. Setting it replaces all of
    /// that name by one for every path; `nil` removes them.
    public subscript(name: String) -> String? {
        get { cookies.withLock { all in Self.living(all).last { $0.name == name }?.value } }
        set {
            cookies.withLock { all in
                all.removeAll { $0.name == name }
                if let newValue { all.append(Cookie(name: name, path: "/", value: newValue)) }
            }
        }
    }

    /// The names of all cookies, in the order in which they came.
    public var names: [String] { cookies.withLock { Self.living($0).map(\.name) } }

    /// Removes all.
    public func removeAll() {
        cookies.withLock { $0 = [] }
    }

    /// The value of `Cookie` for a path: those of longer paths first; `nil` where there is none.
    func field(for path: String) -> String? {
        guard isOn else { return nil }
        let found = cookies.withLock { all in
            Self.living(all).filter { $0.matches(path) }
        }
        if found.isEmpty { return nil }
        let order = found.indices.sorted { one, other in
            let (left, right) = (found[one].path.utf8.count, found[other].path.utf8.count)
            return left == right ? one < other : left > right
        }
        return order.map { "\(found[$0].name)=\(found[$0].value)" }.joined(separator: "; ")
    }

    /// Keeps what an answer to `path` has set.
    func take(_ headers: TestHeaders, path: String) {
        guard isOn else { return }
        for line in headers.values(of: "Set-Cookie") { take(line, path: path) }
    }

    private func take(_ line: String, path requestPath: String) {
        let parts = line.split(separator: ";", omittingEmptySubsequences: false)
        let pair = parts[0].split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2, !pair[0].trimmed.isEmpty else { return }
        var path = Self.defaultPath(of: requestPath)
        var age: Duration?
        var date: Duration?
        for part in parts.dropFirst() {
            let attribute = part.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = attribute.count == 2 ? String(attribute[1].trimmed) : ""
            switch attribute[0].trimmed.lowercased() {
            case "path": if value.hasPrefix("/") { path = value }
            // More than a century is as long as the test.
            case "max-age": age = Int64(value).map { .seconds(min($0, 3_200_000_000)) }
            case "expires":
                date = HTTPDate(value).map {
                    .seconds(
                        min($0.secondsSince1970 - HTTPDate.now.secondsSince1970, 3_200_000_000))
                }
            default: break
            }
        }
        keep(
            Cookie(
                name: String(pair[0].trimmed), path: path, value: String(pair[1].trimmed),
                end: (age ?? date).map { ContinuousClock.now + $0 }))
    }

    private func keep(_ cookie: Cookie) {
        cookies.withLock { all in
            all = Self.living(all)
            let place = all.firstIndex { $0.name == cookie.name && $0.path == cookie.path }
            if let end = cookie.end, end <= ContinuousClock.now {
                if let place { all.remove(at: place) }
            } else if let place {
                all[place] = cookie
            } else {
                all.append(cookie)
            }
        }
    }

    private static func living(_ cookies: [Cookie]) -> [Cookie] {
        let now = ContinuousClock.now
        return cookies.filter { cookie in cookie.end.map { $0 > now } ?? true }
    }

    /// Of a request's path: RFC 6265, section 5.1.4.
    private static func defaultPath(of path: String) -> String {
        guard path.hasPrefix("/"), let last = path.lastIndex(of: "/"), last > path.startIndex
        else { return "/" }
        return String(path[..<last])
    }
}
