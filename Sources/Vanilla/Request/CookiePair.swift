// SPDX-License-Identifier: MIT

extension Request {
    /// One `name=value` of a request's cookies. Names are the same only in the same case.
    public struct CookiePair: ~Escapable {
        /// What stands before the first `=`; empty where there is none, as clients send a cookie
        /// without a name.
        public let name: Bytes
        /// What follows the first `=`, without the quotes around it where there are some.
        public let value: Bytes

        @_lifetime(copy pair)
        init(_ pair: Bytes) {
            let end = pair.firstIndex(of: UInt8(ascii: "="))
            name = pair.prefix(end ?? 0).trimmed
            value = unquoted(pair.dropFirst(end.map { end in end + 1 } ?? 0).trimmed)
        }
    }
}

@_lifetime(copy value)
private func unquoted(_ value: Bytes) -> Bytes {
    let quote = UInt8(ascii: "\"")
    guard value.count >= 2, value.span[0] == quote, value.span[value.count - 1] == quote else {
        return value
    }
    return value.dropFirst().prefix(value.count - 2)
}
