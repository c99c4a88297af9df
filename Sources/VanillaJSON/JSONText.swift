// SPDX-License-Identifier: MIT

internal import Vanilla

/// A copy of a body, in memory of malloc(3): what a type keeps of its decoder, and what is decoded
/// on another thread, outlives the request.
@safe
final class JSONText: @unchecked Sendable {
    // Neither changes after the initializer.
    private let memory: UnsafeMutableRawPointer
    let count: Int

    /// `nil` where there is no memory.
    init?(copying bytes: Bytes) {
        guard let memory = unsafe allocateMemory(count: bytes.count) else { return nil }
        unsafe self.memory = unsafe memory
        count = bytes.count
        unsafe bytes.span.withUnsafeBytes { bytes in
            // There is room for all of them.
            guard let start = bytes.baseAddress else { return }
            unsafe memory.copyMemory(from: start, byteCount: bytes.count)
        }
    }

    deinit {
        unsafe freeMemory(memory)
    }

    /// Bytes of it, which live as long as this object does.
    @unsafe
    @_lifetime(immortal)
    func lend(from start: Int, count: Int) -> Bytes {
        precondition(0 <= start && 0 <= count && start + count <= self.count)
        let first = unsafe UnsafePointer(memory.assumingMemoryBound(to: UInt8.self)) + start
        let buffer = unsafe UnsafeBufferPointer(start: first, count: count)
        // It does not depend on `buffer`, which is a copy of the address.
        return Bytes(unsafe _overrideLifetime(Span(_unsafeElements: buffer), copying: ()))
    }
}
