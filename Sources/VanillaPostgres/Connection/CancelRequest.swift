// SPDX-License-Identifier: MIT

internal import CPostgres
internal import Vanilla

/// Asks the server, by a socket of its own, to cancel what a connection does. Only on the worker's
/// thread, and never blocking.
///
/// Once the server closes the socket it has sent its signal, so that is waited for; the owner
/// bounds the time. The request goes in the clear even where the connection is encrypted: so does
/// that of `PQcancel`, and servers accept it.
final class CancelRequest {
    enum End {
        /// The server has sent the signal, or wants to send none.
        case done
        /// Nothing was sent, so that nothing comes of it.
        case unsent
        /// It may have arrived, and its signal may come at any time.
        case lost
    }

    /// -1 once it is closed.
    private var descriptor: Int32
    private let request: [UInt8]
    private var watch: Worker.DescriptorWatch?
    private var ended: ((End) -> Void)?

    /// Begins to connect; nil when that is not possible. `ended` is called once, later, unless this
    /// is closed before.
    init?(_ canceller: Canceller, on worker: Worker, ended: @escaping (End) -> Void) {
        descriptor = canceller.open()
        request = canceller.request
        guard descriptor >= 0, let watch = try? worker.watch(descriptor) else {
            close()
            return nil
        }
        self.watch = watch
        self.ended = ended
        watch.whenReady(for: .writable) { [weak self] _ in self?.send() }
    }

    deinit {
        close()
    }

    private func send() {
        let sent = unsafe cpostgres_cancel_send(descriptor, request, request.count)
        switch Int(sent) {
        case 0: watch?.whenReady(for: .writable) { [weak self] _ in self?.send() }
        case request.count: wait()
        // A socket that has just been made has room for all of it.
        default: end(sent < 0 ? .unsent : .lost)
        }
    }

    private func wait() {
        watch?.whenReady(for: .readable) { [weak self] _ in self?.hear() }
    }

    private func hear() {
        switch cpostgres_cancel_ended(descriptor) {
        case 0: wait()
        case 1: end(.done)
        default: end(.lost)
        }
    }

    private func end(_ end: End) {
        let ended = ended.take()
        close()
        ended?(end)
    }

    /// Forgets about it. The server may have got it nevertheless.
    func close() {
        ended = nil
        watch?.close()
        watch = nil
        if descriptor >= 0 { cpostgres_cancel_close(descriptor) }
        descriptor = -1
    }
}
