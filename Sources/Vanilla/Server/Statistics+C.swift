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
        connectionsEndedUnread = counted.ended_unread
        webSockets = WebSockets(c: counted)
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

extension Server.Statistics.Responses {
    fileprivate init(c counted: vn_statistics) {
        informational = counted.responses_informational
        successful = counted.responses_successful
        redirection = counted.responses_redirection
        clientError = counted.responses_client_error
        serverError = counted.responses_server_error
        other = counted.responses_other
        raw = counted.responses_raw
    }
}

extension Server.Statistics.WebSockets {
    fileprivate init(c counted: vn_statistics) {
        opened = counted.websockets
        open = counted.websockets_open
        messagesReceived = counted.websocket_messages_received
        messagesSent = counted.websocket_messages_sent
        bytesReceived = counted.websocket_bytes_received
        bytesSent = counted.websocket_bytes_sent
    }
}

extension Server.Statistics.Listener {
    init(c counted: vn_listener_statistics) {
        connectionsAccepted = counted.accepted
        connectionsOpen = counted.open
        connectionsRefused = counted.refused
        requests = counted.requests
        bytesReceived = counted.bytes_received
        bytesSent = counted.bytes_sent
    }
}

extension Server.Statistics.Timeouts {
    fileprivate init(c counted: vn_statistics) {
        head = counted.timeouts_head
        body = counted.timeouts_body
        idle = counted.timeouts_idle
        writeStall = counted.timeouts_write_stall
        handler = counted.timeouts_handler
        linger = counted.timeouts_linger
    }
}
