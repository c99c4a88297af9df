// SPDX-License-Identifier: MIT

import Vanilla

/// A strong entity tag: FNV-1a of the body, in quotes.
struct EntityTag {
    /// The tag as it is sent.
    let text: String

    init(of body: Bytes) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in body.span.indices {
            hash = (hash ^ UInt64(body.span[index])) &* 0x0000_0100_0000_01B3
        }
        text = "\"\(String(hash, radix: 16))\""
    }

    /// Whether If-None-Match names this tag (RFC 9110, section 13.1.2): weak comparison, lists over
    /// several lines.
    func isKnown(to request: Request) -> Bool {
        var isKnown = false
        request.fields.forEach(.ifNoneMatch) { value in
            isKnown = isKnown || value == "*" || isListed(in: value)
        }
        return isKnown
    }

    /// Goes through the members of a list. What is no tag matches nothing, and ends the list: where
    /// the next member would begin is anybody's guess.
    private func isListed(in list: Bytes) -> Bool {
        var rest = list.dropFirst(separatorCount(list))
        while !rest.isEmpty {
            let tag = rest.hasPrefix("W/") ? rest.dropFirst(2) : rest
            guard tag.hasPrefix("\""),
                let length = tag.dropFirst().firstIndex(of: UInt8(ascii: "\""))
            else {
                return false
            }
            let behind = tag.dropFirst(length + 2)
            guard isEndOfMember(behind) else { return false }
            if tag.prefix(length + 2) == text { return true }
            rest = behind.dropFirst(separatorCount(behind))
        }
        return false
    }
}

/// Whether a member of a list ends here: at the list's end, or with white space and a comma.
private func isEndOfMember(_ bytes: Bytes) -> Bool {
    for index in bytes.span.indices {
        switch bytes.span[index] {
        case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
        case let byte: return byte == UInt8(ascii: ",")
        }
    }
    return true
}

/// The number of bytes before the next member: commas, with white space around them.
private func separatorCount(_ bytes: Bytes) -> Int {
    for index in bytes.span.indices {
        switch bytes.span[index] {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","): continue
        default: return index
        }
    }
    return bytes.count
}
