// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTesting

/// The address of the client, for logs and limits: the peer's, or what the proxies of ours say that
/// the peer is one of.
func clientAddress(of request: Request, behind proxies: Set<String>) -> String? {
    guard let peer = request.peer else { return nil }
    var chain: [String] = []
    request.headers.forEach("X-Forwarded-For") { line in
        chain += String(line).split { $0 == "," || $0 == " " }.map { String($0) }
    }
    chain.append(peer.address)
    // From the end: each proxy adds the address of its own peer, and what stands before that of
    // the first that is none of ours may be anybody's.
    return chain.last { address in !proxies.contains(address) } ?? chain[0]
}

func makeAddressServer(behind proxies: Set<String> = []) throws -> Server {
    try Server(
        port: 3000,
        router: Router { routes in
            routes.get("/address") { request, response in
                response.send(clientAddress(of: request, behind: proxies) ?? "unknown")
            }
        })
}

@Suite struct PeerTests {
    private func address(
        _ forwarded: String, behind proxies: Set<String>, _ mode: TestMode = .socket
    ) async throws -> String {
        var found = ""
        try await makeAddressServer(behind: proxies).test(mode) { client in
            let headers: TestHeaders = ["X-Forwarded-For": forwarded]
            found = try await client.get("/address", headers: headers).text
        }
        return found
    }

    @Test func isThatOfThePeer() async throws {
        #expect(try await address("192.0.2.1", behind: []) == "127.0.0.1")
    }

    @Test func isWhatATrustedProxySays() async throws {
        let proxies: Set = ["127.0.0.1", "198.51.100.9"]
        #expect(try await address("192.0.2.1", behind: proxies) == "192.0.2.1")
        let chain = "6.6.6.6, 192.0.2.1, 198.51.100.9"
        #expect(try await address(chain, behind: proxies) == "192.0.2.1")
        #expect(try await address("198.51.100.9", behind: proxies) == "198.51.100.9")
    }

    @Test func isNotKnownWithoutASocket() async throws {
        #expect(try await address("192.0.2.1", behind: ["127.0.0.1"], .inProcess) == "unknown")
    }
}
