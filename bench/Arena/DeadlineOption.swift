// SPDX-License-Identifier: MIT

import ArgumentParser
import Vanilla

/// `NAME=MILLISECONDS` of a command line: one of the server's deadlines, for runs that cannot wait
/// as long as the defaults do.
struct DeadlineOption: ExpressibleByArgument, Sendable {
    private let name: Name
    private let milliseconds: Int

    enum Name: String, CaseIterable, Sendable {
        case head, bodyGrace, idle, writeStall, handler, linger, lingerTotal
    }

    init?(argument: String) {
        let parts = argument.split(separator: "=")
        guard parts.count == 2, let name = Name(rawValue: String(parts[0])),
            let milliseconds = Int(parts[1]), milliseconds > 0
        else {
            return nil
        }
        self.name = name
        self.milliseconds = milliseconds
    }

    func apply(to configuration: inout Server.Configuration) {
        let duration = Duration.milliseconds(milliseconds)
        switch name {
        case .head: configuration.deadlines.head = duration
        case .bodyGrace: configuration.deadlines.bodyGrace = duration
        case .idle: configuration.deadlines.idle = duration
        case .writeStall: configuration.deadlines.writeStall = duration
        case .handler: configuration.deadlines.handler = duration
        case .linger: configuration.deadlines.linger = duration
        case .lingerTotal: configuration.deadlines.lingerTotal = duration
        }
    }
}
