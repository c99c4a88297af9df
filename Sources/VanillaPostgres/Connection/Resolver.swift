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
                default: break
                }
            }
            unsafe word += 1
        }
    }

    /// Whether a host's address has to be asked for.
    var mustAsk: Bool {
        address.isEmpty
            && hosts.contains {
                !$0.isEmpty && !$0.hasPrefix("/") && !$0.hasPrefix("@") && !HostLookup.isAddress($0)
            }
    }

    private var hosts: [Substring] { host.split(separator: ",", omittingEmptySubsequences: false) }

    /// Keywords for libpq that leave it nothing to ask for. Blocks, so not on a worker's thread.
    func resolve() throws(PostgresError) -> [(String, String)] {
        let ports = port.split(separator: ",", omittingEmptySubsequences: false)
        var names: [Substring] = []
        var addresses: [String] = []
        var chosen: [Substring] = []
        var failure = ""
        for (index, name) in hosts.enumerated() {
            let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
            if name.isEmpty || name.hasPrefix("/") || name.hasPrefix("@") {
                names.append(name)
                addresses.append("")
                chosen.append(port)
                continue
            }
            let found = HostLookup.addresses(of: String(name), &failure)
            for address in found {
                names.append(name)
                addresses.append(address)
                chosen.append(port)
            }
        }
        guard !names.isEmpty else { throw PostgresError(.connection, failure) }
        return [
            ("host", names.joined(separator: ",")), ("hostaddr", addresses.joined(separator: ",")),
            ("port", chosen.joined(separator: ",")),
        ]
    }
}
