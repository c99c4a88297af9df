// SPDX-License-Identifier: MIT

/// What somebody has told a channel by NOTIFY.
public struct PostgresNotification: Sendable, Hashable {
    /// The channel.
    public let channel: String
    /// What was told; empty where nothing was.
    public let payload: String
    /// The number of the process of the server by which it was told, as in `pg_stat_activity`.
    public let process: Int32
}

extension PostgresNotification {
    /// What comes of ``PostgresPool/listen(on:buffering:)``.
    public enum Event: Sendable, Hashable {
        /// Somebody has told something.
        case notification(PostgresNotification)
        /// What was told before may not have come: the connection was lost and is there again, or
        /// the task took too little and the buffer was full. From here on nothing is missing.
        case gap
    }
}

/// The name of a channel, which the server takes as an identifier.
enum ChannelName {
    /// The server's bound, less one for the NUL at its end. Longer ones it would cut.
    static let maximumSize = 63

    /// - Throws: ``PostgresError`` of the kind `misuse` for what cannot be one.
    static func check(_ name: String) throws(PostgresError) {
        guard (1...maximumSize).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw PostgresError(
                .misuse,
                "The name of a channel has 1 to \(maximumSize) bytes, and no NUL: \(name.utf8.count)."
            )
        }
    }

    /// As an identifier within a statement. It is done by the byte: a quotation mark with an accent
    /// is one character of Swift, and two of the server's.
    static func quoted(_ name: String) -> String {
        let mark = UInt8(ascii: "\"")
        var bytes = [mark]
        for byte in name.utf8 {
            if byte == mark { bytes.append(mark) }
            bytes.append(byte)
        }
        bytes.append(mark)
        return String(decoding: bytes, as: UTF8.self)
    }
}
