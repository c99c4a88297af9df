// SPDX-License-Identifier: MIT

/// A statement that is prepared on one connection.
@safe
final class KnownStatement {
    /// Which statement it is.
    let serial: UInt64
    /// For which types of parameters.
    let signature: UInt64
    /// The shard's schema that it was prepared for.
    let schema: UInt64
    /// It cannot be used any more, and is deallocated before the statement is prepared again.
    var isStale = false
    /// The name on this connection, as C wants it; this object owns it.
    let pointer: UnsafeMutablePointer<CChar>

    init(_ name: String, serial: UInt64, signature: UInt64, schema: UInt64) {
        self.serial = serial
        self.signature = signature
        self.schema = schema
        unsafe pointer = CText.copy(name)
    }

    deinit {
        unsafe CText.deallocate(pointer)
    }

    var name: String { unsafe String(cString: pointer) }
}
