// SPDX-License-Identifier: MIT

// What this module asks of the system's C library. This is the one file that imports it.

internal import CLibrary

/// Time that only goes forward, in nanoseconds.
enum Clock {
    static var now: Int64 {
        var time = timespec()
        // Cannot fail for this clock.
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Texts of C, which end with a NUL.
@unsafe
enum CText {
    /// A copy, which the caller deallocates.
    static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        // No memory for some bytes ends any program in Swift.
        unsafe strdup(text)!
    }

    static func deallocate(_ text: UnsafeMutablePointer<CChar>) {
        unsafe free(text)
    }

    static func areEqual(_ one: UnsafePointer<CChar>, _ other: UnsafePointer<CChar>) -> Bool {
        unsafe strcmp(one, other) == 0
    }
}

/// Finds the addresses of a host. Blocks, so it is called on a thread of its own.
enum HostLookup {
    /// The addresses of a host, as text; none, and why, when it has none.
    static func addresses(of name: String, _ failure: inout String) -> [String] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = streamSocket
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(name, nil, &hints, &list)
        guard result == 0 else {
            failure =
                "No address of the host \(name) was found: \(unsafe String(cString: gai_strerror(result)))"
            return []
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe text(of: entry) { addresses.append(address) }
            unsafe next = unsafe entry.pointee.ai_next
        }
        return addresses
    }

    @unsafe
    private static func text(of entry: UnsafeMutablePointer<addrinfo>) -> String? {
        var text: [CChar] = Array(repeating: 0, count: 64)
        let size = socklen_t(text.count)
        let result = unsafe getnameinfo(
            entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, size, nil, 0, NI_NUMERICHOST)
        guard result == 0 else { return nil }
        let end = text.firstIndex(of: 0) ?? text.endIndex
        return String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a name is an address already.
    static func isAddress(_ name: Substring) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return unsafe inet_pton(AF_INET, String(name), &four) == 1
            || inet_pton(AF_INET6, String(name), &six) == 1
    }
}

/// Addresses of the Internet Protocol as text.
enum AddressText {
    /// The 4 bytes of IPv4, or 16 of IPv6, that a text stands for; nil where it is none.
    static func bytes(of text: String) -> [UInt8]? {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = Array(repeating: UInt8(0), count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        return unsafe inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }

    /// The text of 4 or 16 bytes.
    static func text(of bytes: [UInt8]) -> String {
        var text: [CChar] = Array(repeating: 0, count: 64)
        let family = bytes.count == 16 ? AF_INET6 : AF_INET
        // Cannot fail: there is room, and each address has a text.
        unsafe inet_ntop(family, bytes, &text, socklen_t(text.count))
        let end = text.firstIndex(of: 0) ?? text.endIndex
        return String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
