// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// Lends C the validators of a representation for the length of a call.
func withCValidators<Result>(
    _ etag: ETag?, _ lastModified: HTTPDate?, _ body: (UnsafePointer<vn_validators>) -> Result
) -> Result {
    var validators = unsafe vn_validators()
    if let lastModified {
        unsafe validators.has_last_modified = true
        unsafe validators.last_modified = lastModified.secondsSince1970
    }
    guard let etag else { return unsafe body(&validators) }
    unsafe validators.has_tag = true
    unsafe validators.tag.is_weak = etag.isWeak
    return etag.withOpaque { opaque in
        unsafe opaque.withCSpan { opaque in
            unsafe validators.tag.opaque = unsafe opaque
            return unsafe body(&validators)
        }
    }
}
