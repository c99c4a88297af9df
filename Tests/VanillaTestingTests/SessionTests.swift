// SPDX-License-Identifier: MIT

import Foundation
import Testing
import Vanilla
import VanillaTestSupport

@testable import VanillaTesting

/// The server of a test that does not end by itself.
@Suite struct SessionTests {
    @Test(arguments: Lane.all)
    func isAnErrorWhereAHandlerBlocks(lane: Lane) async throws {
        let began = Recorder<Int>()
        let goesOn = DispatchSemaphore(value: 0)
        let server = try Server(configuration: local(lane.backend)) { _, response in
            began.record(1)
            goesOn.wait()
            response.send("late")
        }
        let session = try await Session.open(server, lane.mode, deadline: .seconds(20))
        let connection = TestConnection(session)
        connection.send(get("/"))
        try await waitUntil { !began.values.isEmpty }
        let error = try await testError { try await session.close(within: .milliseconds(10)) }
        #expect(error?.kind == .deadlineExceeded && error?.message.contains("blocks") == true)
        goesOn.signal()
        try await session.network.stopped()
    }
}

extension Network {
    /// Waits until the server is down.
    fileprivate func stopped() async throws {
        let isDown = Promise<Void>()
        stop { isDown.keep(.success(())) }
        try await isDown.value()
    }
}
