// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Statistics {
    init(kernel: vn_statistics) {
        connectionsAccepted = kernel.accepted
        connectionsOpen = kernel.open
        connectionsRefused = kernel.refused
        requests = kernel.requests
        responses = Responses(
            informational: kernel.responses.1, successful: kernel.responses.2,
            redirection: kernel.responses.3,
            clientError: kernel.responses.4, serverError: kernel.responses.5,
            raw: kernel.responses.0)
        bytesReceived = kernel.bytes_received
        bytesSent = kernel.bytes_sent
        refusals = Statistics.refusals(in: kernel)
        timeouts = Timeouts(
            head: kernel.timeouts.0, body: kernel.timeouts.1, idle: kernel.timeouts.2,
            writeStall: kernel.timeouts.3, handler: kernel.timeouts.4, linger: kernel.timeouts.5)
    }

    private static func refusals(in kernel: vn_statistics) -> [Status: UInt64] {
        // C's fixed arrays are imported as tuples: 12 counters, and the 12 statuses that they
        // count.
        let counts = unsafe withUnsafeBytes(of: kernel.refused_by_status) { counts in
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
