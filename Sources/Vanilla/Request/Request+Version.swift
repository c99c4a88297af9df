// SPDX-License-Identifier: MIT

extension Request {
    /// A version of HTTP/1. Answers are always HTTP/1.1, framed so that the client understands
    /// them.
    @frozen
    public enum Version: Sendable {
        case http10, http11
    }
}
