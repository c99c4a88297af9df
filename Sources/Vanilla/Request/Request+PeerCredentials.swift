// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Request {
    /// Whose process the client of a unix domain socket was when it connected.
    public struct PeerCredentials: Sendable, Hashable {
        /// Its effective user.
        public let user: UInt32
        /// Its effective group.
        public let group: UInt32
        /// The process; `nil` where the system does not say.
        ///
        /// It may have ended since, and another may have its number.
        public let process: Int32?
    }

    /// Whose process the client is; `nil` over TCP, in `Server.handle`, and on another thread than
    /// the worker's.
    ///
    /// The operating system is asked each time (SO_PEERCRED of Linux, LOCAL_PEERCRED of FreeBSD,
    /// getpeereid(3) of macOS). It knows, whatever the client says.
    public var peerCredentials: PeerCredentials? {
        var found = vn_peer_credentials()
        guard unsafe vn_request_peer_credentials(pointer, &found) else { return nil }
        return PeerCredentials(
            user: found.user, group: found.group,
            process: found.process == 0 ? nil : found.process)
    }
}
