// SPDX-License-Identifier: MIT

public import Vanilla

extension Server {
    /// Loads the files of all certificates once more, for handshakes that begin from now on. No
    /// connection is cut. Changed files are loaded within seconds, and on SIGHUP, without it.
    ///
    /// - Throws: ``ServerError`` of the kind `invalidConfiguration` where they cannot be used:
    ///   those of before stay then, and the log says so. From any thread, which reads the files.
    public func reloadCertificates() throws(ServerError) {
        var failure: ServerError?
        for case let core as TLSCore in openTransports {
            do {
                try core.reload()
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// What the listeners have counted of TLS, in their order; `nil` for those without. From any
    /// thread.
    public var tlsStatistics: [TLSStatistics?] {
        openTransports.map { ($0 as? TLSCore)?.statistics }
    }
}
