// SPDX-License-Identifier: MIT

/// Bytes that never change and never move, to be sent to any number of clients without a copy.
///
/// ```swift
/// let logo = SharedBytes(contents)
/// let server = try Server { request, response in response.send(logo, contentType: "image/png") }
/// ```
@safe
public final class SharedBytes: Sendable {
    /// Written in `init` only, and freed at the end of this object.
    private nonisolated(unsafe) let memory: UnsafeMutableBufferPointer<UInt8>

    /// A copy of the bytes.
    public init(_ bytes: [UInt8]) {
        unsafe memory = .allocate(capacity: bytes.count)
        _ = unsafe memory.initialize(fromContentsOf: bytes)
    }

    /// A copy of the text, in UTF-8.
    public convenience init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// The same byte, `count` times.
    public init(repeating byte: UInt8, count: Int) {
        unsafe memory = .allocate(capacity: count)
        unsafe memory.initialize(repeating: byte)
    }

    /// Bytes that `fill` writes: all of them, into memory that has an address.
    @unsafe
    init(count: Int, fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        unsafe memory = .allocate(capacity: count)
        unsafe memory.initialize(repeating: 0)
        unsafe fill(memory)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// The number of bytes.
    public var count: Int { unsafe memory.count }

    /// Where the bytes are, for as long as this object lives.
    @unsafe
    var start: UnsafePointer<UInt8> {
        // A buffer that was allocated has an address, even for no bytes.
        unsafe UnsafePointer(memory.baseAddress!)
    }

    /// The bytes.
    public var bytes: Bytes {
        @_lifetime(borrow self)
        get {
            let view = unsafe Bytes(Span(_unsafeElements: UnsafeBufferPointer(memory)))
            return unsafe _overrideLifetime(view, borrowing: self)
        }
    }
}

extension SharedBytes {
    /// A reference for C, which gives it back through `release`.
    func retainedContext() -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(self).toOpaque()
    }

    static let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        guard let context = unsafe context else { return }
        // Balances retainedContext().
        unsafe Unmanaged<SharedBytes>.fromOpaque(context).release()
    }
}
