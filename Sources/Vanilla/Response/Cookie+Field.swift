// SPDX-License-Identifier: MIT

extension Cookie {
    /// The value of the Set-Cookie field that sets this cookie.
    ///
    /// - Throws: ``ResponseError`` of the kind `invalidCookie`, with a message that says what is
    ///   wrong: a part that the grammar does not have, so that nothing a client sent can add
    ///   attributes of its own; or what clients would drop without a word.
    public var fieldValue: String {
        get throws(ResponseError) {
            try checkParts()
            try checkPromises()
            var text = "\(name)=\(value)"
            if let expires { text += "; Expires=\(expires)" }
            if let maxAge { text += "; Max-Age=\(maxAge)" }
            if let domain { text += "; Domain=\(domain)" }
            if let path { text += "; Path=\(path)" }
            if isSecure { text += "; Secure" }
            if isHTTPOnly { text += "; HttpOnly" }
            if let attribute = sameSite.attribute { text += "; SameSite=\(attribute)" }
            if isPartitioned { text += "; Partitioned" }
            return text
        }
    }

    /// Each part by its grammar.
    private func checkParts() throws(ResponseError) {
        guard name.withBytes({ name in name.isToken }) else {
            throw invalid(
                "A cookie's name is one or more letters, digits and any of !#$%&'*+-.^_`|~.")
        }
        guard name.utf8.count + value.utf8.count <= Cookie.maximumCount else {
            throw invalid(
                "The cookie \(name.prefix(64)) is larger than \(Cookie.maximumCount) bytes.")
        }
        guard value.utf8.allSatisfy(isCookieByte) else {
            throw invalid(
                "The value of the cookie \(name) has a byte that is no printable ASCII, or one of space \" , ; \\."
            )
        }
        if let path { try check(path: path) }
        if let domain { try check(domain: domain) }
        if let maxAge, maxAge < 1 {
            throw invalid(
                "The cookie \(name) has a Max-Age below one second; Cookie.deletion ends a cookie.")
        }
    }

    private func check(path: String) throws(ResponseError) {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy(isCookieByte) else {
            throw invalid(
                "The path of the cookie \(name) does not begin with /, or has a byte that is no printable ASCII, or one of space \" , ; \\."
            )
        }
        guard path.utf8.count <= Cookie.maximumPathCount else {
            throw invalid(
                "The path of the cookie \(name) is longer than \(Cookie.maximumPathCount) bytes.")
        }
    }

    private func check(domain: String) throws(ResponseError) {
        let labels = domain.utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            1...63 ~= label.count && label.allSatisfy(isLabelByte)
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        }
        guard isName, domain.utf8.count <= Cookie.maximumDomainCount else {
            throw invalid("The domain of the cookie \(name) is no host name.")
        }
    }

    /// What clients ask of some names and attributes (draft-ietf-httpbis-rfc6265bis, section
    /// 4.1.3), and would drop the cookie for.
    private func checkPromises() throws(ResponseError) {
        let isForHost = hasNamePrefix("__Host-")
        if isForHost || hasNamePrefix("__Secure-"), !isSecure {
            throw invalid("The cookie \(name) must be secure, by its name.")
        }
        if isForHost, domain != nil || path != "/" {
            throw invalid("The cookie \(name) must have no domain and the path /, by its name.")
        }
        if sameSite == .none, !isSecure {
            throw invalid("The cookie \(name) must be secure, because it is SameSite=None.")
        }
        if isPartitioned, !isSecure {
            throw invalid("The cookie \(name) must be secure, because it is partitioned.")
        }
    }

    /// In any case: clients compare it so.
    private func hasNamePrefix(_ prefix: StaticString) -> Bool {
        name.withBytes { name in
            name.prefix(prefix.utf8CodeUnitCount).equalsIgnoringCase(prefix)
        }
    }

    private func invalid(_ message: String) -> ResponseError {
        ResponseError(.invalidCookie, message)
    }
}

/// cookie-octet (RFC 6265, section 4.1.1).
private func isCookieByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\\"): false
    default: 0x21...0x7E ~= byte
    }
}

private func isLabelByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
        true
    default: false
    }
}
