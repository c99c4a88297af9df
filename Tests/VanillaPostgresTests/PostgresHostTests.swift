// SPDX-License-Identifier: MIT

import PrivatePostgres
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaPostgres

/// Several places where the server may be, not all of which answer.
@Suite(.needsPostgres) struct PostgresHostTests {
    private static func answers(_ bench: Bench) async throws -> Bool {
        try await bench.run { pool in
            let found: Int = try await pool.query("select 7::int8")[0][0]
            return found == 7
        }
    }

    /// The whole time is not used up by the one that is silent.
    @Test(arguments: backends, ["", " connect_timeout=1"])
    func aSilentHostIsLeft(backend: Server.Backend, words: String) async throws {
        let postgres = try database.get()
        let silent = try SilentServer()
        defer { silent.stop() }
        let hosts = "\(silent.directory),/nowhere/at/all,\(silent.directory),\(postgres.directory)"
        let connection = postgres.connectionString.replacing(postgres.directory, with: hosts)
        for attributes in ["any", "read-write", "prefer-standby"] {
            let bench = try Bench(
                connection + words + " target_session_attrs=\(attributes)", backend: backend
            ) {
                $0.acquireTimeout = .seconds(30)
                if words.isEmpty { $0.connectTimeout = .seconds(3) }
            }
            defer { bench.stop() }
            #expect(try await Self.answers(bench))
            #expect(bench.pool.statistics.attempts == 1)
        }
    }

    /// As a name that has one which leads nowhere.
    @Test(arguments: backends)
    func aSilentAddressIsLeft(backend: Server.Backend) async throws {
        let proxy = try Proxy(to: database.get(), onPort: true)
        defer { proxy.stop() }
        let port = try #require(
            proxy.connectionString.split(separator: "=").last.flatMap { Int($0) })
        let silent = try SilentServer(port: port)
        defer { silent.stop() }
        for hosts in ["localhost,localhost", ""] {
            let bench = try Bench(
                proxy.connectionString
                    + " host='\(hosts)' hostaddr=\(SilentServer.address),127.0.0.1",
                backend: backend
            ) {
                $0.acquireTimeout = .seconds(30)
                $0.connectTimeout = .seconds(2)
            }
            defer { bench.stop() }
            #expect(try await Self.answers(bench))
            #expect(bench.pool.statistics.attempts == 1)
        }
    }

    @Test func saysWhereNothingWasAnswered() async throws {
        let postgres = try database.get()
        let silent = try SilentServer()
        defer { silent.stop() }
        let connection = postgres.connectionString.replacing(
            postgres.directory, with: "\(silent.directory),/nowhere/at/all")
        let bench = try Bench(connection) {
            $0.acquireTimeout = .milliseconds(800)
            $0.connectTimeout = .milliseconds(200)
        }
        defer { bench.stop() }
        let error = await #expect(throws: RequestError.self) { try await Self.answers(bench) }
        let cause = try #require(error?.cause as? PostgresError)
        #expect(cause.message.contains("/nowhere/at/all"), "\(cause)")
        let alone = try Bench(
            postgres.connectionString.replacing(postgres.directory, with: silent.directory)
        ) {
            $0.acquireTimeout = .milliseconds(800)
            $0.connectTimeout = .milliseconds(200)
        }
        defer { alone.stop() }
        let late = await #expect(throws: RequestError.self) { try await Self.answers(alone) }
        let reason = try #require(late?.cause as? PostgresError)
        #expect(
            reason.message.contains("in time, at last at \(silent.directory):5432"), "\(reason)")
    }

    /// A name that is not found holds up no other.
    @Test func aHostThatIsNotFoundIsLeft() async throws {
        let postgres = try database.get()
        let connection = postgres.connectionString.replacing(
            postgres.directory, with: "no-such-host.invalid,\(postgres.directory)")
        let bench = try Bench(connection) {
            $0.acquireTimeout = .seconds(30)
            $0.connectTimeout = .seconds(10)
        }
        defer { bench.stop() }
        #expect(try await Self.answers(bench))
    }

    @Test func sharesTheTime() {
        let second: Int64 = 1_000_000_000
        let usual = ConnectTime(program: nil, connectTimeout: 0)
        #expect(
            usual.whole(3) == 5 * second && usual.share(of: 5 * second, among: 2) == 2_500_000_000)
        #expect(usual.share(of: second, among: 0) == second)
        let text = ConnectTime(program: nil, connectTimeout: 2)
        #expect(text.whole(3) == 6 * second && text.share(of: 6 * second, among: 3) == 2 * second)
        #expect(text.share(of: second, among: 1) == second)
        let both = ConnectTime(program: .seconds(3), connectTimeout: 2)
        #expect(both.whole(3) == 3 * second && both.share(of: 3 * second, among: 3) == 2 * second)
        let none = ConnectTime(program: .seconds(3), connectTimeout: -1)
        #expect(none.whole(9) == 3 * second)
        let endless = ConnectTime(program: nil, connectTimeout: .max)
        #expect(endless.whole(1000) > 0)
    }

    @Test func findsThePlaces() throws {
        let found = ["a": ["::1", "127.0.0.1"], "b": ["127.0.0.1"]]
        func places(_ text: String) throws -> [String] {
            try Resolver(text).places(found).map { "\($0.host)|\($0.address)|\($0.port)" }
        }
        #expect(try places("host=a,b,a port=1") == ["a|::1|1", "a|127.0.0.1|1", "b|127.0.0.1|1"])
        #expect(try places("host=c,/tmp port=1,2") == ["/tmp||2"])
        #expect(try places("host=0:0:0:0:0:0:0:1 port=7") == ["0:0:0:0:0:0:0:1|::1|7"])
        #expect(try places("hostaddr=127.0.0.1,::1 port=7,8") == ["|127.0.0.1|7", "|::1|8"])
        #expect(
            try places("host=a,b hostaddr=127.0.0.3,127.0.0.4 port=7") == [
                "a|127.0.0.3|7", "b|127.0.0.4|7",
            ])
        // For libpq to complain about.
        #expect(try places("host=a,b hostaddr=127.0.0.3 port=7").isEmpty)
        #expect(try places("host=a,b port=7,8,9").isEmpty)
        #expect(try Resolver("host=a,b,a,/tmp,::1 connect_timeout=' 3 '").names == ["a", "b"])
        #expect(try Resolver("host=a connect_timeout=' 3 '").connectTimeout == 3)
        #expect(try Resolver("host=a connect_timeout=x").connectTimeout == 0)
    }
}
