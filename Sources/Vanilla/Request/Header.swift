// SPDX-License-Identifier: MIT

extension Request {
    /// One header line of a request.
    public struct Header: ~Escapable {
        /// The name as it was sent; compare with ``Bytes/equalsIgnoringCase(_:)``.
        public let name: Bytes
        /// The value without white space at its ends.
        public let value: Bytes

        @_lifetime(copy name, copy value)
        init(name: Bytes, value: Bytes) {
            self.name = name
            self.value = value
        }
    }
}
