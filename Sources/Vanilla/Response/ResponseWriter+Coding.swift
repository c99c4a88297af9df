// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// Codes the content of answers: another target makes it, such as `VanillaCompression`, and links
/// what it takes.
package protocol ResponseCoding: AnyObject, Sendable {
    /// C's coding, which lives as long as this object.
    var coding: UnsafeRawPointer { get }
}

extension ResponseWriter {
    /// Has the content of this answer coded on its way out, or none of it; what was said before
    /// counts no longer.
    package mutating func code(with coding: (any ResponseCoding)?) {
        guard let coding else {
            note(unsafe vn_response_code(pointer, nil, nil, nil), "its compression was set")
            return
        }
        let box = unsafe Unmanaged.passRetained(coding as AnyObject)
        let context = unsafe box.toOpaque()
        // The object keeps what it points to; C releases it when the exchange is over, and where
        // it refuses.
        let result = unsafe vn_response_code(
            pointer, coding.coding.assumingMemoryBound(to: vn_coding.self),
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<AnyObject>.fromOpaque(context).release()
                }
            }, context)
        note(result, "its compression was set")
    }
}
