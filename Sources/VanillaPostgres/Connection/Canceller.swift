// SPDX-License-Identifier: MIT

internal import CPostgres

/// What it takes to cancel a query: the server's process, the key that shows that one may, and the
/// address that the connection leads to.
struct Canceller {
    private let target: cpostgres_cancel

    init(_ target: cpostgres_cancel) {
        self.target = target
    }

    /// One more socket to the server, which is connecting; the caller closes it. Negative where
    /// there is none.
    func open() -> Int32 {
        // Read within the call.
        unsafe withUnsafePointer(to: target) { unsafe cpostgres_cancel_open($0) }
    }

    /// Sends a request and waits for its end; blocks for twice as many milliseconds at most. False
    /// where that did not succeed.
    func perform(within milliseconds: Int32) -> Bool {
        let request = request
        // Read within the call.
        return unsafe withUnsafePointer(to: target) {
            unsafe cpostgres_cancel_perform($0, request, request.count, milliseconds)
        }
    }

    /// The message "CancelRequest" of the protocol.
    var request: [UInt8] {
        Self.request(target.process, target.secret)
    }

    /// Its length, its code, and the key.
    static func request(_ process: Int32, _ secret: Int32) -> [UInt8] {
        [16, 80_877_102, process, secret].flatMap { (number: Int32) in
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
    }
}
