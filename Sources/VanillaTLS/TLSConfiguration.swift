// SPDX-License-Identifier: MIT

/// How a listener speaks TLS: with which certificates, and by which rules.
///
/// ```swift
/// let tls = TLSConfiguration(certificates: [
///     .init(chainFile: "/etc/app/fullchain.pem", keyFile: "/etc/app/privkey.pem")
/// ])
/// let configuration = Server.Configuration(listeners: [
///     Server.Listener(.any(port: 443), tls: tls),
///     Server.Listener(.any(port: 80)),
/// ])
/// ```
///
/// Every default is safe on the open Internet; docs/TLS.md has the reasons. Impossible values, and
/// files that cannot be used, are refused when a server is made with them.
public struct TLSConfiguration: Sendable {
    /// The certificates, at least one. A client is shown those that have the name it asks for
    /// (SNI), by its full name or by a wildcard for the first label; of those with keys of several
    /// types, such as RSA and ECDSA, the one whose signatures it takes. The first one is that of
    /// clients that ask for no name, or for one that no certificate has.
    public var certificates: [Certificate]

    /// The lowest version that is spoken: TLS 1.2, which a few clients still need. TLS 1.3 is
    /// always spoken.
    public var minimumVersion = TLSVersion.v1_2

    /// The time from accept until a handshake is over, 10 seconds by default; the deadline of a
    /// head (``Server/Configuration/Deadlines/head``) counts from accept, too.
    public var handshakeDeadline = Duration.seconds(10)

    /// The handshakes that may be under way on one worker, 1,024 by default. Beyond them the oldest
    /// is given up, so that a flood of clients that begin and do not go on keeps nobody out.
    public var maximumHandshakes = 1024

    /// For how long a client may resume a session, so that its next connection needs no signature
    /// and no certificate: 12 hours by default, at most 7 days, `nil` for not at all. The keys of
    /// its tickets are replaced as often, are shared by all workers, and are kept in memory alone.
    public var ticketLifetime: Duration? = .seconds(12 * 60 * 60)

    /// The path of a file with keys for tickets, for several machines behind one name, which then
    /// resume each other's sessions: `nil` for keys that are made by this process. It holds 1 to 16
    /// keys of 80 random bytes each. The first makes tickets, all open them. It is loaded again
    /// when it has changed, so that who writes it replaces the keys, in place of
    /// ``ticketLifetime``; who can read it can read what was resumed in TLS 1.2.
    public var ticketKeyFile: String?

    /// Whether clients are asked for a certificate (mTLS): they are not by default.
    public var clientAuthentication = ClientAuthentication.none

    /// Whether answers tell browsers to come over TLS from now on, by `Strict-Transport-Security`:
    /// they do not by default, since that cannot be taken back before the time it names is over. A
    /// handler that sets the field itself has the last word.
    public var strictTransportSecurity: StrictTransportSecurity?

    /// Whether the log says, when a server is made, if the kernel could encrypt in OpenSSL's place
    /// (kernel TLS): it does not by default, since asking may load a module of the kernel. It is
    /// not used either way; docs/TLS.md has the reason.
    public var probesKernel = false

    /// A configuration with every option at its default.
    public init(certificates: [Certificate]) {
        self.certificates = certificates
    }

    /// A configuration for tests and local development: a certificate for `localhost`, 127.0.0.1
    /// and ::1 that is made with the server, signed by itself, and that no client trusts.
    public static var selfSigned: TLSConfiguration {
        selfSigned(for: ["localhost", "127.0.0.1", "::1"])
    }

    /// The same for these names or addresses, whose first is not empty.
    public static func selfSigned(for names: [String]) -> TLSConfiguration {
        TLSConfiguration(certificates: [Certificate(.selfSigned(names))])
    }
}
