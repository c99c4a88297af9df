// SPDX-License-Identifier: MIT

internal import CPostgres

/// Asks the server to cancel what a connection does.
///
/// libpq before 17 has one sound way, and it blocks: the key that a CancelRequest needs is in an
/// opaque structure whose layout changes between versions. So the call is made on a thread of its
/// own, which libpq allows; there are few of them, and where there are too many the connection is
/// closed instead.
@safe
final class Canceller: @unchecked Sendable {
    /// Owned by this object, and used by one thread after the other.
    private let cancel: OpaquePointer

    init(_ cancel: OpaquePointer) {
        unsafe self.cancel = unsafe cancel
    }

    deinit {
        unsafe PQfreeCancel(cancel)
    }

    /// Blocks until the server has sent the signal, or failed to.
    func run() {
        var message: [CChar] = Array(repeating: 0, count: 256)
        // There is nobody to tell: the connection is closed if the query does not end.
        _ = unsafe PQcancel(cancel, &message, Int32(message.count))
    }
}
