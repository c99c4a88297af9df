// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTLS
import VanillaTestSupport
import VanillaTesting
import VanillaTestingTLS

/// What a handler sees of TLS, and what a listener says to a client that speaks something else.
@Suite struct TLSTests {
    private static func describing(_ backend: Server.Backend?) throws -> Server {
        try Server(configuration: local(backend)) { request, response in
            let tls = request.tls
            response.send(
                """
                \(request.isSecure) \(tls.map { "\($0.version)" } ?? "-") \(tls?.cipher ?? "-") \
                \(tls?.serverName ?? "-") \(tls?.applicationProtocol ?? "-")
                """)
        }
    }

    @Test(arguments: backends)
    func tellsAHandlerWhatWasAgreedOn(backend: Server.Backend?) async throws {
        try await Self.describing(backend).test(.tls) { client in
            let text = try await client.get("/").text
            #expect(text == "true TLS 1.3 TLS_AES_128_GCM_SHA256 localhost http/1.1")
        }
        let older = TestMode.tls(.selfSigned, serverName: "a.example", maximumVersion: .v1_2)
        try await Self.describing(backend).test(older) { client in
            let text = try await client.get("/").text
            #expect(
                text == "true TLS 1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 a.example http/1.1")
        }
    }

    @Test(arguments: backends)
    func tellsBrowsersToStay(backend: Server.Backend?) async throws {
        var tls = TLSConfiguration.selfSigned
        tls.strictTransportSecurity = .init(includesSubdomains: true, asksForPreload: true)
        let server = try Server(configuration: local(backend)) { request, response in
            if request.path == "/own" {
                response.headers["Strict-Transport-Security"] = "max-age=0"
            }
            response.send("")
        }
        try await server.test(.tls(tls)) { client in
            let policy = "max-age=31536000; includeSubDomains; preload"
            let answer = try await client.get("/")
            #expect(answer.headers["Strict-Transport-Security"] == policy)
            let own = try await client.get("/own")
            #expect(own.headers["Strict-Transport-Security"] == "max-age=0")
            let refused = try await client.connect().exchange(Array("GET a\r\n\r\n".utf8))
            let text = String(decoding: refused, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 400 ") && text.contains(policy))
        }
        try await server.test(.tls) { client in
            let answer = try await client.get("/")
            #expect(answer.headers["Strict-Transport-Security"] == nil)
        }
    }

    /// The client is of the same OpenSSL, and offers the hybrid group where that has it.
    @Test(arguments: backends)
    func tellsAHandlerTheGroup(backend: Server.Backend?) async throws {
        let server = try Server(configuration: local(backend)) { request, response in
            response.send(request.tls?.group ?? "-")
        }
        for version in [TLSVersion.v1_2, .v1_3] {
            try await server.test(.tls(.selfSigned, maximumVersion: version)) { client in
                let group = try await client.get("/").text
                let hybrid = group == "X25519MLKEM768" && version == .v1_3
                #expect(group == "x25519" || hybrid)
            }
        }
    }

    /// Of the kernel's TLS, which is not used, it speaks where it is asked alone.
    @Test(arguments: [false, true])
    func saysWhetherTheKernelHasTLS(asks: Bool) throws {
        let log = Recorder<String>()
        var tls = TLSConfiguration.selfSigned
        tls.probesKernel = asks
        var configuration = local(nil, log: log)
        configuration.listeners = [Server.Listener(.host("127.0.0.1", port: 0), tls: tls)]
        _ = try Server(configuration: configuration) { _, response in response.send("") }
        let said = log.values.filter { $0.contains("kernel TLS is not used") }
        #expect(said.count == (asks ? 1 : 0))
    }

    @Test func isNotSecureInClear() async throws {
        for mode in [TestMode.inProcess, .socket] {
            try await Self.describing(nil).test(mode) { client in
                let text = try await client.get("/").text
                #expect(text == "false - - - -")
            }
        }
    }

    @Test func refusesAnOlderVersionWhereItIsToldTo() async throws {
        var strict = TLSConfiguration.selfSigned
        strict.minimumVersion = .v1_3
        let older = TestMode.tls(strict, maximumVersion: .v1_2)
        try await Self.describing(nil).test(older) { client in
            let error = try await testError { try await client.get("/") }
            #expect(error?.kind == .connectionClosed)
        }
    }

    @Test(arguments: backends)
    func servesBesideAListenerInClear(backend: Server.Backend?) throws {
        var configuration = local(backend)
        configuration.listeners = [
            Server.Listener(.host("127.0.0.1", port: 0)),
            Server.Listener(.host("127.0.0.1", port: 0), tls: .selfSigned),
        ]
        let server = try Server(configuration: configuration) { request, response in
            response.send("\(request.isSecure)")
        }
        try server.start()
        defer {
            server.stop(within: .zero)
            server.wait()
        }
        let ports = server.addresses.map { $0.port! }
        let inClear = try exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n", port: ports[0])
        #expect(inClear.text == "false")

        // Plain HTTP where TLS is spoken.
        for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let client = try BlockingClient(port: ports[1], deadline: .seconds(60))
            let answer = Answer(try client.exchange(Array(request.utf8)))
            #expect(answer.status == 400)
            #expect(answer["Connection"] == "close")
            #expect(answer.text.contains("HTTPS") == request.hasPrefix("GET"))
        }
        #expect(server.tlsStatistics[0] == nil)
        try waitHere { server.tlsStatistics[1]?.plainRequests == 2 }
        #expect(server.tlsStatistics[1]?.fullHandshakes == 0)
    }

    /// What the last run had under way is nobody's in the next one.
    @Test(arguments: backends)
    func startsAgainAndAgain(backend: Server.Backend?) async throws {
        var configuration = local(backend)
        configuration.listeners = [
            Server.Listener(.host("127.0.0.1", port: 0), tls: .selfSigned)
        ]
        let server = try Server(configuration: configuration) { _, response in response.send("") }
        for _ in 0..<40 {
            try server.start()
            let port = server.addresses[0].port!
            let waiting = try BlockingClient(port: port, deadline: .seconds(60))
            let told = try BlockingClient(port: port, deadline: .seconds(60))
            #expect(Answer(try told.exchange(Array(get("/").utf8))).status == 400)
            server.stop(within: .zero)
            server.wait()
            withExtendedLifetime(waiting) {}
        }
        #expect(server.tlsStatistics[0]?.plainRequests == 40)
        #expect(server.statistics.connectionsOpen == 0)
        let other = try Self.describing(backend)
        for _ in 0..<20 {
            try await other.test(.tls) { client in
                let text = try await client.get("/").text
                #expect(text.hasPrefix("true TLS 1.3"))
            }
        }
    }

    @Test func saysOnceThatAClientSpokeTLSInClear() async throws {
        let log = Recorder<String>()
        let server = try Server(configuration: local(nil, log: log)) { _, response in
            response.send("")
        }
        try await server.test(.socket) { client in
            for _ in 0..<3 {
                let connection = client.connect()
                let hello: [UInt8] = [22, 3, 1, 0, 5, 1, 0, 0, 1, 0]
                let answer = try await connection.exchange(hello)
                #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
            }
        }
        #expect(log.values.filter { $0.contains("TLS") }.count == 1)
    }
}

/// What is refused when a server is made.
@Suite struct TLSConfigurationTests {
    private func refusal(of tls: TLSConfiguration) -> ServerError? {
        let listener = Server.Listener(.host("127.0.0.1", port: 0), tls: tls)
        do {
            _ = try Server(configuration: .init(listeners: [listener])) { _, response in
                response.send("")
            }
            return nil
        } catch {
            return error
        }
    }

    @Test func takesASelfSignedCertificate() {
        #expect(refusal(of: .selfSigned) == nil)
        #expect(refusal(of: .selfSigned(for: ["a.example", "*.b.example", "192.0.2.1"])) == nil)
    }

    @Test func refusesWhatCannotBe() {
        var noTime = TLSConfiguration.selfSigned
        noTime.handshakeDeadline = .zero
        var noPlace = TLSConfiguration.selfSigned
        noPlace.maximumHandshakes = 0
        var longTickets = TLSConfiguration.selfSigned
        longTickets.ticketLifetime = .seconds(8 * 24 * 60 * 60)
        var shortTickets = TLSConfiguration.selfSigned
        shortTickets.ticketLifetime = .milliseconds(1)
        var shortPreload = TLSConfiguration.selfSigned
        shortPreload.strictTransportSecurity = .init(maximumAge: .seconds(9), asksForPreload: true)
        var negative = TLSConfiguration.selfSigned
        negative.strictTransportSecurity = .init(maximumAge: .seconds(-1))
        let rows: [(TLSConfiguration, String)] = [
            (shortPreload, "strictTransportSecurity"), (negative, "strictTransportSecurity"),
            (TLSConfiguration(certificates: []), "0 certificates"),
            (
                TLSConfiguration(certificates: [.init(chainFile: "/no/such", keyFile: "/no/such")]),
                "/no/such"
            ),
            (
                TLSConfiguration(certificates: [.init(chain: [1, 2], key: [3])]),
                "of certificate 1 cannot be read"
            ),
            (TLSConfiguration(certificates: [.init(chainFile: "a\0", keyFile: "b")]), "NUL"),
            (noTime, "time"), (noPlace, "place"), (longTickets, "seven days"),
            (shortTickets, "ticketLifetime"),
        ]
        for (configuration, words) in rows {
            let error = refusal(of: configuration)
            #expect(error?.kind == .invalidConfiguration)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    @Test func asksForThePasswordOfAKey() throws {
        let asked = Recorder<String>()
        func configuration(_ password: String?) -> TLSConfiguration {
            TLSConfiguration(certificates: [
                .init(
                    chain: EncryptedPair.chain, key: EncryptedPair.key,
                    password: {
                        asked.record(password ?? "none")
                        return password
                    })
            ])
        }
        #expect(refusal(of: configuration("open sesame")) == nil)
        for wrong in ["close sesame", "", nil] {
            let error = refusal(of: configuration(wrong))
            #expect(error?.message.contains("cannot be read") == true, "\(error?.message ?? "")")
        }
        #expect(Set(asked.values) == ["open sesame", "close sesame", "", "none"])
        let silent = TLSConfiguration(certificates: [
            .init(chain: EncryptedPair.chain, key: EncryptedPair.key)
        ])
        #expect(refusal(of: silent)?.message.contains("cannot be read") == true)
    }

    @Test func isEqualToItselfAlone() {
        let listener = Server.Listener(.any(port: 1), tls: .selfSigned)
        #expect(listener == listener)
        #expect(listener != Server.Listener(.any(port: 1), tls: .selfSigned))
        #expect(listener != Server.Listener(.any(port: 1)))
        #expect(Set([listener, listener, Server.Listener(.any(port: 1))]).count == 2)
        #expect(listener.tls != nil && Server.Listener(.any(port: 1)).tls == nil)
    }

    @Test func ordersVersions() {
        #expect(TLSVersion.v1_2 < .v1_3)
        #expect(TLSVersion.v1_3.description == "TLS 1.3")
        #expect(TLSVersion.v1_2.number == 0x0303)
    }
}
