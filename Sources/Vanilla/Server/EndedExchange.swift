// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server {
    /// What is known of an exchange, a request and its answer, when it has ended.
    ///
    /// Lent to ``Configuration/onExchangeEnd`` for the length of the call, on the worker's thread.
    /// Reading it allocates nothing, except for what makes a `String` of bytes.
    @safe
    public struct EndedExchange: ~Escapable {
        /// C's record, which outlives this view.
        private let pointer: UnsafePointer<vn_ended_exchange>
        /// The number of the worker, as ``Worker/index``: what belongs to one worker alone needs no
        /// lock.
        public let workerIndex: Int

        /// The view of a record that C lends for the length of a call.
        @unsafe
        @_lifetime(immortal)
        init(lent pointer: UnsafePointer<vn_ended_exchange>, workerIndex: Int) {
            unsafe self.pointer = unsafe pointer
            self.workerIndex = workerIndex
        }
    }
}

extension Server.EndedExchange {
    /// The request without its body; `nil` where so little of it came, or was right, that its
    /// target is not known.
    ///
    /// It is a copy of the first 2 KiB of the head: the target is cut off there, and headers are
    /// missing that lie behind, or after the first 64. Of a request that was refused in the midst
    /// of its head it has what was read before that.
    public var request: Request? {
        @_lifetime(copy self) get {
            guard let request = unsafe pointer.pointee.request else { return nil }
            return unsafe Request(lent: request)
        }
    }

    /// The pattern of the route that the request took, such as `/users/:id`: what to count
    /// requests by, since paths are as many as clients like. `nil` where it took none.
    public var route: Bytes? {
        @_lifetime(copy self) get {
            guard let route = unsafe pointer.pointee.route else { return nil }
            return unsafe Bytes(lent: route.pointee)
        }
    }

    /// The status of the answer; `nil` where none was begun, or a raw one has none.
    public var status: Status? {
        let code = unsafe pointer.pointee.status
        return code == Status.switchingProtocols.code
            ? .switchingProtocols : Status(code: Int(code))
    }

    /// The bytes of the request: its head, and what came of its body, without the framing of
    /// chunks.
    public var bytesReceived: UInt64 { unsafe pointer.pointee.bytes_received }

    /// The bytes of the answer, head and framing included, that the operating system took. Those of
    /// 100 (Continue) are not counted.
    public var bytesSent: UInt64 { unsafe pointer.pointee.bytes_sent }

    /// From the end of the request's head to the end of the exchange, which is when the operating
    /// system took the last byte of the answer. Of a request that was refused before its head was
    /// complete, from its first byte, by the millisecond.
    public var duration: Duration { unsafe .nanoseconds(pointer.pointee.nanoseconds) }

    /// What the handler, the receiver or the producer of the body threw, ``RequestError`` among
    /// others; the first error where there were more. What a handler throws after the end of its
    /// exchange is only logged.
    public var error: (any Error)? {
        // The hook's own kind of box is all that is noted.
        unsafe pointer.pointee.error.map { box in
            unsafe Unmanaged<NotedError>.fromOpaque(box)._withUnsafeGuaranteedRef { $0.error }
        }
    }

    /// Whether the server itself refused the request, or gave up waiting for a handler: ``status``
    /// says why.
    public var isRefusal: Bool { unsafe pointer.pointee.is_refusal }

    /// How it ended.
    public var ending: Ending {
        switch unsafe Int(pointer.pointee.end) {
        case VN_ENDED_DELIVERED: .delivered
        case VN_ENDED_CLIENT_LEFT: .clientLeft
        default: .cut
        }
    }

    /// How an exchange ended. Later versions may have more ways.
    public struct Ending: Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) { description = name }

        /// The operating system took the whole answer. A server does not learn whether it arrived.
        public static let delivered = Ending("delivered")
        /// The client had gone before, or took nothing for too long.
        public static let clientLeft = Ending("clientLeft")
        /// The server gave the answer up: a producer or receiver threw, memory ran out, or the time
        /// of a stop was over.
        public static let cut = Ending("cut")

        /// All ways.
        public static let allCases = [delivered, clientLeft, cut]
    }
}

/// What was thrown, while its exchange goes on.
final class NotedError {
    let error: any Error

    init(_ error: any Error) { self.error = error }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances the retain of who noted it.
        unsafe Unmanaged<NotedError>.fromOpaque(context).release()
    }
}
