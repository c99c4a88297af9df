// SPDX-License-Identifier: MIT

/// Where a server may be, as libpq wants it: what is empty it finds by itself.
struct Place: Equatable, Sendable {
    /// The name, for certificates and passwords, or the directory of a socket.
    var host: String
    var address: String
    var port: String

    /// Keywords for libpq that leave it nothing to ask for; none where it is to choose by itself.
    static func words(_ places: [Place]) -> [(String, String)] {
        if places.isEmpty { return [] }
        return [
            ("host", places.map(\.host).joined(separator: ",")),
            ("hostaddr", places.map(\.address).joined(separator: ",")),
            ("port", places.map(\.port).joined(separator: ",")),
        ]
    }

    /// Whether libpq, which says where it is, is there.
    func isMeant(by other: Place) -> Bool {
        (host.isEmpty || host == other.host) && (address.isEmpty || address == other.address)
            && (port.isEmpty || port == other.port)
    }
}
