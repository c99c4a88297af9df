// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension Server {
    /// A request that the server refuses by itself. Lent to ``Configuration/onRefusal`` for the
    /// length of the call, on the worker's thread.
    @safe
    public struct Refusal: ~Escapable {
        /// C's request, which outlives this view.
        private let pointer: UnsafePointer<vn_request>?
        /// Why: the status of the answer.
        public let status: Status

        /// The view of a request that C lends for the length of a call.
        @unsafe
        @_lifetime(immortal)
        init(lent pointer: UnsafePointer<vn_request>?, status: Status) {
            unsafe self.pointer = unsafe pointer
            self.status = status
        }

        /// The request as far as it is known, as in ``EndedExchange/request``; `nil` where its
        /// target is not, as for 414, for a head that is no HTTP, and for one that came too late to
        /// have a target.
        public var request: Request? {
            @_lifetime(copy self) get {
                guard let request = unsafe pointer else { return nil }
                return unsafe Request(lent: request)
            }
        }
    }
}
