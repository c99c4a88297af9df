// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension ETag: LosslessStringConvertible {
    /// The tag as it is sent: `"a"`, `W/"a"`.
    public var description: String {
        withOpaque { opaque in "\(isWeak ? "W/" : "")\"\(String(opaque))\"" }
    }

    /// The tag that a field spells so, with its quotes; `nil` where the text is not a tag (RFC
    /// 9110, section 8.8.3), and where the tag has more than ``maximumCount`` bytes.
    public init?(_ text: String) {
        guard let tag = text.withBytes({ text in ETag(text) }) else { return nil }
        self = tag
    }

    /// The tag that a field spells so; `nil` as for a `String`.
    public init?(_ text: Bytes) {
        var read = unsafe vn_entity_tag()
        guard unsafe text.withCSpan({ text in unsafe vn_entity_tag_parse(text, &read) }),
            unsafe read.opaque.count <= ETag.maximumCount
        else { return nil }
        // Ranges of the text, which lives longer than this call.
        self.init(copying: unsafe Bytes(lent: read.opaque), isWeak: unsafe read.is_weak)
    }
}
