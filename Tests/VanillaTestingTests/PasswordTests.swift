// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTesting

/// The application: its program runs this server, and its tests test it.
func makePasswordServer(port: Int = 3000) throws -> Server {
    let router = try Router { routes in
        routes.post("/passwords") { request, response in
            let password = try request.form()["password"] ?? ""
            let hash = try await Worker.offload { hashSlowly(password) }
            response.send("\(hash)", status: .created)
        }
    }
    var configuration = Server.Configuration(address: .any(port: port))
    configuration.offload.maximumThreads = 2
    configuration.offload.maximumWaiting = 100
    return try Server(configuration: configuration, router: router)
}

/// Stands for a function such as that of Argon2, which takes long on purpose.
func hashSlowly(_ password: String) -> UInt64 {
    var hash: UInt64 = 14_695_981_039_346_656_037
    for _ in 0..<10_000 {
        for byte in password.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
    }
    return hash
}

@Suite struct PasswordTests {
    @Test func hashesAPassword() async throws {
        let server = try makePasswordServer()
        try await server.test { client in
            let answer = try await client.post("/passwords", body: .form(["password": "secret"]))
            #expect(answer.status == .created)
            #expect(answer.text == "\(hashSlowly("secret"))")
        }
    }
}
