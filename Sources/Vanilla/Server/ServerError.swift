// SPDX-License-Identifier: MIT

/// Why a server cannot be made, started or run.
///
/// ```swift
/// do {
///     try server.run()
/// } catch {
///     guard error.kind == .addressInUse else { throw error }
///     print("Another program listens on port 3000.")
/// }
/// ```
public struct ServerError: Error, Sendable, Equatable {
    /// What sort of failure it is, to decide what to do about it.
    public let kind: Kind
    /// What failed, in a sentence.
    public let message: String
    /// The operating system's number for the failure (errno(3)); 0 where the system did not fail.
    public let code: Int32
    /// What a start hook has thrown; `nil` for every other kind than `startFailed`.
    public let cause: (any Error)?

    package init(_ kind: Kind, _ message: String, code: Int32 = 0, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
        self.cause = cause
    }

    /// Whether kind, message and code are the same. The message of a cause is in the message.
    public static func == (one: ServerError, other: ServerError) -> Bool {
        one.kind == other.kind && one.message == other.message && one.code == other.code
    }
}

extension ServerError {
    /// Sorts of failure. Later versions may have more.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The name of the static member, for people.
        public let description: String

        private init(_ name: String) {
            description = name
        }

        /// An option has an impossible value; the message names the option.
        public static let invalidConfiguration = Kind("invalidConfiguration")
        /// The host is no address and no name, or a name without an address, or the path cannot be
        /// that of a unix domain socket.
        public static let invalidAddress = Kind("invalidAddress")
        /// Another program, or another server of this one, listens at the address already.
        public static let addressInUse = Kind("addressInUse")
        /// The address belongs to no interface of this machine.
        public static let addressUnavailable = Kind("addressUnavailable")
        /// The user of this process may not listen at the address.
        public static let permissionDenied = Kind("permissionDenied")
        /// The backend that the configuration asks for is forbidden or unknown on this system.
        public static let backendUnavailable = Kind("backendUnavailable")
        /// Memory, descriptors or threads ran out.
        public static let outOfResources = Kind("outOfResources")
        /// The server cannot do that now: it runs already, or has not been started.
        public static let invalidState = Kind("invalidState")
        /// A hook of ``Server/onStart(_:)`` threw: see ``ServerError/cause``.
        public static let startFailed = Kind("startFailed")
        /// The server was told to stop before it served. Only `start()` throws it.
        public static let stopped = Kind("stopped")
        /// A worker cannot watch the descriptor: it is not open, or the worker watches as many as
        /// it may.
        public static let unwatchableDescriptor = Kind("unwatchableDescriptor")
        /// What works on a worker's thread alone was called elsewhere, or in an actor, whose thread
        /// is sometimes the worker's.
        public static let notOnWorker = Kind("notOnWorker")
        /// As much work as may wait for a thread of ``Worker/offload(_:)`` waits already.
        public static let offloadFull = Kind("offloadFull")
        /// The operating system refused for another reason: see ``ServerError/code``.
        public static let system = Kind("system")
    }
}

extension ServerError: CustomStringConvertible {
    /// What failed, for people.
    public var description: String { message }
}
