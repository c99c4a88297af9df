// SPDX-License-Identifier: MIT

internal import CVanillaTLS
internal import Vanilla
public import VanillaTLS
public import VanillaTesting

extension TestMode {
    /// Over TLS, on a free port of the loopback interface, with the workers and the backend of the
    /// configuration, and a certificate that is made for the test. The client trusts any.
    ///
    /// ```swift
    /// try await server.test(.tls) { client in
    ///     let answer = try await client.get("/")
    ///     #expect(answer.status == .ok)
    /// }
    /// ```
    public static let tls = tls(.selfSigned)

    /// The same with a TLS of your own.
    ///
    /// - Parameters:
    ///   - configuration: How the server speaks TLS.
    ///   - serverName: The name that the client asks for.
    ///   - maximumVersion: The highest version that the client speaks.
    public static func tls(
        _ configuration: TLSConfiguration, serverName: String = "localhost",
        maximumVersion: TLSVersion = .v1_3
    ) -> TestMode {
        TestMode(
            "tls",
            security: TLSSecurity(
                configuration: configuration, serverName: serverName,
                maximumVersion: maximumVersion))
    }
}

private struct TLSSecurity: SocketSecurity {
    let configuration: TLSConfiguration
    let serverName: String
    let maximumVersion: TLSVersion

    func listener(_ address: Server.Configuration.Address) -> Server.Listener {
        Server.Listener(address, tls: configuration)
    }

    func client() throws(TestError) -> any SecuredClient {
        try TLSClient(serverName: serverName, maximumVersion: maximumVersion)
    }
}

/// C's client side of one connection.
@safe
private final class TLSClient: SecuredClient {
    private let client: OpaquePointer

    init(serverName: String, maximumVersion: TLSVersion) throws(TestError) {
        let made = unsafe serverName.withCString { name in
            unsafe "http/1.1".withCString { protocols in
                var options = unsafe vn_tls_client_options(
                    server_name: name, protocols: protocols, version_max: maximumVersion.number)
                return unsafe vn_tls_client_open(&options)
            }
        }
        guard let made = unsafe made else {
            throw TestError(.system, "There is no memory for TLS.", code: 12)
        }
        unsafe client = unsafe made
    }

    deinit {
        unsafe vn_tls_client_close(client)
    }

    func receive(_ bytes: [UInt8]) -> [UInt8] {
        unsafe vn_tls_client_feed(client, bytes, bytes.count)
        return unsafe drain { bytes, most in unsafe vn_tls_client_read(client, bytes, most) }
    }

    func send(_ bytes: [UInt8]) {
        unsafe vn_tls_client_write(client, bytes, bytes.count)
    }

    func finish() {
        unsafe vn_tls_client_finish(client)
    }

    func takeOutput() -> [UInt8] {
        unsafe drain { bytes, most in unsafe vn_tls_client_take(client, bytes, most) }
    }

    var isOver: Bool {
        unsafe vn_tls_client_is_over(client) || vn_tls_client_has_failed(client)
    }

    /// All that `take` has, which is asked until it has nothing more.
    private func drain(_ take: (UnsafeMutableRawPointer, Int) -> Int) -> [UInt8] {
        var all: [UInt8] = []
        var count: Int
        repeat {
            let some = unsafe [UInt8](
                unsafeUninitializedCapacity: 16384
            ) { bytes, initialized in
                // An array of that capacity has an address.
                initialized = unsafe take(UnsafeMutableRawPointer(bytes.baseAddress!), 16384)
            }
            count = some.count
            all += some
        } while count > 0
        return all
    }
}
