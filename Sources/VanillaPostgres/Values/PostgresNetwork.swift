// SPDX-License-Identifier: MIT

/// An address of the Internet Protocol, perhaps with the length of its network's prefix, as `inet`
/// has it, or a network, as `cidr` has it.
public struct PostgresNetwork: Sendable, Hashable {
    /// The address: 4 bytes of IPv4, or 16 of IPv6.
    public let bytes: [UInt8]
    /// How many bits of it name the network; all of them for one host.
    public let prefix: Int
    /// Whether it is a `cidr`: a network without a host in it, so that the other bits are zero.
    public let isNetwork: Bool

    /// An address; nil where the number of bytes is not 4 or 16, the prefix is longer, or a network
    /// has bits after its prefix.
    ///
    /// - Parameter prefix: One host's where it is nil.
    public init?(_ bytes: [UInt8], prefix: Int? = nil, isNetwork: Bool = false) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        let prefix = prefix ?? 8 * bytes.count
        guard 0...8 * bytes.count ~= prefix else { return nil }
        self.bytes = bytes
        self.prefix = prefix
        self.isNetwork = isNetwork
        guard !isNetwork || hasNoHost else { return nil }
    }

    /// Reads an address in the usual text, perhaps with `/` and the length of the prefix; nil for
    /// any other text.
    public init?(_ text: some StringProtocol, isNetwork: Bool = false) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = AddressText.bytes(of: String(parts[0])) else { return nil }
        var prefix: Int?
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(parts[1]) else {
                return nil
            }
            prefix = number
        }
        self.init(bytes, prefix: prefix, isNetwork: isNetwork)
    }

    private var hasNoHost: Bool {
        (prefix..<8 * bytes.count).allSatisfy { bytes[$0 / 8] & 0x80 >> ($0 % 8) == 0 }
    }

    /// Whether the address is one of IPv6.
    public var isIPv6: Bool { bytes.count == 16 }
}

extension PostgresNetwork: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    public static var postgresType: PostgresType { .inet }
    public static var postgresArrayType: PostgresType { .inetArray }
    public static func reads(_ type: PostgresType) -> Bool { type == .inet || type == .cidr }

    /// Adds it as an inet, which is a cidr where that is wanted and it is a network.
    public func encode(into parameters: PostgresParameters) throws(PostgresError) {
        try parameters.begin(.inet)
        try parameters.write(isIPv6 ? Self.six : Self.four)
        try parameters.write(UInt8(prefix))
        // The server wants to know by the type alone.
        try parameters.write(UInt8(0))
        try parameters.write(UInt8(bytes.count))
        try parameters.write(bytes.span)
        parameters.end()
    }

    public init(_ cell: borrowing PostgresCell) throws(PostgresError) {
        let span = cell.bytes.span
        guard Self.reads(cell.form), !cell.isNull, span.count >= 4,
            span[0] == (span[3] == 16 ? Self.six : Self.four), span.count == 4 + Int(span[3])
        else { throw cell.mismatch(PostgresNetwork.self) }
        let bytes = (4..<span.count).map { span[$0] }
        guard
            let found = PostgresNetwork(
                bytes, prefix: Int(span[1]), isNetwork: cell.form == .cidr)
        else { throw cell.mismatch(PostgresNetwork.self) }
        self = found
    }

    /// The families, as the format numbers them.
    private static let four: UInt8 = 2
    private static let six: UInt8 = 3
}

extension PostgresNetwork: CustomStringConvertible {
    /// As PostgreSQL writes it: the prefix of a network, and any that is not one host's.
    public var description: String {
        let text = AddressText.text(of: bytes)
        return isNetwork || prefix < 8 * bytes.count ? "\(text)/\(prefix)" : text
    }
}
