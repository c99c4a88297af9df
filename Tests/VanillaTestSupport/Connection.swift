// SPDX-License-Identifier: MIT

import VanillaTesting

/// Whether a connection to the loopback interface is accepted.
public func connects(to port: Int) throws -> Bool {
    do {
        _ = try BlockingClient(port: port, deadline: .seconds(5))
        return true
    } catch let error where error.kind == .system {
        return false
    }
}

/// One exchange with a running server, over a connection of its own.
public func exchange(
    _ request: String, port: Int, deadline: Duration = .seconds(60)
) throws -> Answer {
    Answer(try BlockingClient(port: port, deadline: deadline).exchange(Array(request.utf8)))
}
