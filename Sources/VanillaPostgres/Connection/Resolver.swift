// SPDX-License-Identifier: MIT

internal import CPostgres

/// Where a connection string leads: its hosts, found before libpq would block to find them.
struct Resolver: Sendable {
    /// As in the connection string, or where it says nothing as in the environment.
    private var host = ""
    private var address = ""
    private var port = ""
    /// The string's `options`.
    private(set) var options = ""
    /// In seconds; zero or less for as long as it takes.
    private(set) var connectTimeout: Int64 = 0
    /// Whether every server is asked before one is taken that is not a standby.
    private(set) var prefersStandby = false
    private var isTimeoutKnown = false
    private var isTargetKnown = false

    /// Reads a connection string.
    ///
    /// - Throws: ``PostgresError`` of the kind `misuse` for one that libpq does not understand.
    init(_ text: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let words = unsafe PQconninfoParse(text, &message) else {
            let why = unsafe trimmed(unsafe UnsafePointer(message))
            unsafe PQfreemem(message)
            throw PostgresError(.misuse, "The connection string is wrong: \(why)")
        }
        unsafe read(words)
        unsafe PQconninfoFree(words)
        // What the string does not say.
        guard let defaults = unsafe PQconndefaults() else { return }
        unsafe read(defaults)
        unsafe PQconninfoFree(defaults)
    }

    private mutating func read(_ words: UnsafeMutablePointer<PQconninfoOption>) {
        // A host of the string is not mixed with an address of the environment.
        let isKnown = !host.isEmpty || !address.isEmpty
        var word = unsafe words
        // The list ends with a keyword that is nil.
        while let keyword = unsafe word.pointee.keyword {
            if let value = unsafe word.pointee.val {
                let value = unsafe String(cString: value)
                switch unsafe String(cString: keyword) {
                case "host" where !isKnown: host = value
                case "hostaddr" where !isKnown: address = value
                case "port" where port.isEmpty: port = value
                case "options" where options.isEmpty: options = value
                case "connect_timeout" where !isTimeoutKnown:
                    isTimeoutKnown = true
                    connectTimeout = Int64(value.filter { $0 != " " }) ?? 0
                case "target_session_attrs" where !isTargetKnown:
                    isTargetKnown = true
                    prefersStandby = value == "prefer-standby"
                default: break
                }
            }
            unsafe word += 1
        }
    }

    /// The hosts whose addresses have to be asked for, each once.
    var names: [String] {
        guard address.isEmpty else { return [] }
        return hosts.reduce(into: []) { names, host in
            if !isPlain(host) && !names.contains(host) { names.append(host) }
        }
    }

    /// A directory, or an address, or what libpq finds.
    private func isPlain(_ host: String) -> Bool {
        host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@")
            || HostLookup.isAddress(host[...])
    }

    private var hosts: [String] { Self.list(host) }

    /// How many hosts there are, at least one.
    var count: Int { max(1, hosts.count, Self.list(address).count) }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }

    /// Where the server may be, in the order in which that is tried, each once; none where libpq
    /// has to find out, or to complain.
    ///
    /// - Parameter found: The addresses of ``names``.
    func places(_ found: [String: [String]]) -> [Place] {
        if host.isEmpty && address.isEmpty { return [] }
        let ports = Self.list(port)
        let addresses = address.isEmpty ? [] : Self.list(address)
        let hosts = host.isEmpty ? addresses.map { _ in "" } : hosts
        guard ports.count <= 1 || ports.count == hosts.count else { return [] }
        guard addresses.isEmpty || addresses.count == hosts.count else { return [] }
        var places: [Place] = []
        for (index, host) in hosts.enumerated() {
            let port = ports.count > 1 ? ports[index] : ports.first ?? ""
            let candidates =
                if !addresses.isEmpty {
                    [Self.canonical(addresses[index])]
                } else if HostLookup.isAddress(host[...]) {
                    [Self.canonical(host)]
                } else {
                    found[host] ?? (isPlain(host) ? [""] : [])
                }
            for address in candidates {
                let place = Place(host: host, address: address, port: port)
                if !places.contains(place) { places.append(place) }
            }
        }
        return places
    }

    /// As libpq names it. Does not block for an address.
    private static func canonical(_ address: String) -> String {
        guard HostLookup.isAddress(address[...]) else { return address }
        var failure = ""
        return HostLookup.addresses(of: address, &failure).first ?? address
    }
}
