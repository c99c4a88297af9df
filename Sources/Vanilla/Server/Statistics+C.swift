// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server.Statistics {
    init(c counted: vn_statistics) {
        connectionsAccepted = counted.accepted
        connectionsOpen = counted.open
        connectionsRefused = counted.refused
        requests = counted.requests
        responses = Responses(c: counted)
        bytesReceived = counted.bytes_received
        bytesSent = counted.bytes_sent
        refusals = Server.Statistics.refusals(in: counted)
        timeouts = Timeouts(c: counted)
    }

    private static func refusals(in counted: vn_statistics) -> [Status: UInt64] {
        // C's fixed arrays are imported as tuples: 12 counters, and the 12 statuses that they
        // count.
        let counts = unsafe withUnsafeBytes(of: counted.refused_by_status) { counts in
            unsafe Array(counts.bindMemory(to: UInt64.self))
        }
        let codes = unsafe withUnsafeBytes(of: vn_refused_statuses) { codes in
            unsafe Array(codes.bindMemory(to: UInt16.self))
        }

        var refusals: [Status: UInt64] = [:]
        for (code, count) in zip(codes, counts) where count > 0 {
            if let status = Status(code: Int(code)) { refusals[status, default: 0] += count }
        }
        return refusals
    }
}

// The core's arrays by their places.

extension Server.Statistics.Responses {
    fileprivate init(c counted: vn_statistics) {
        informational = counted.responses.1
        successful = counted.responses.2
        redirection = counted.responses.3
        clientError = counted.responses.4
        serverError = counted.responses.5
        // The core counts these as raw so far.
        other = 0
        raw = counted.responses.0
    }
}

extension Server.Statistics.Timeouts {
    fileprivate init(c counted: vn_statistics) {
        head = counted.timeouts.0
        body = counted.timeouts.1
        idle = counted.timeouts.2
        writeStall = counted.timeouts.3
        handler = counted.timeouts.4
        linger = counted.timeouts.5
    }
}
