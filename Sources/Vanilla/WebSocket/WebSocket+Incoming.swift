// SPDX-License-Identifier: MIT

extension WebSocket {
    /// Messages that have come and were not taken.
    struct Incoming {
        /// Messages that were taken are kept while more come, until they are so many.
        private static let takenAtMost = 16

        var messages: [Message] = []
        /// The first that was not taken.
        var next = 0
        var bytes = 0
        var isPaused = false
        /// Nothing more will come.
        var hasEnded = false
        var receiver: CheckedContinuation<Void, Never>?

        var isEmpty: Bool { next == messages.count }
        /// Whether no more is to come for now.
        var isFull: Bool { bytes >= 64 * 1024 || messages.count - next >= 16 }

        mutating func append(_ message: Message) {
            bytes += message.count
            messages.append(message)
        }

        mutating func takeFirst() -> Message? {
            if isEmpty { return nil }
            let first = messages[next]
            bytes -= first.count
            next += 1
            if isEmpty {
                messages.removeAll(keepingCapacity: true)
                next = 0
            } else if next >= Self.takenAtMost {
                messages.removeFirst(next)
                next = 0
            }
            return first
        }
    }
}
