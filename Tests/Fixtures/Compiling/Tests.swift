// As Types.swift, of tests.
import Testing
import Vanilla
import VanillaTesting

func expectOnly(_ server: Server) async throws {
    try await server.test { client in
        // error: errors thrown from here are not handled
        #expect(try await client.get("/").status == .ok)
    }
}
