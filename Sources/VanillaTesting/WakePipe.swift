// SPDX-License-Identifier: MIT

internal import CLibrary

/// What wakes a thread that waits in poll(2).
final class WakePipe: Sendable {
    /// To be waited for with POLLIN.
    let descriptor: Int32
    private let writing: Int32

    init() throws(TestError) {
        (descriptor, writing) = try openPipe()
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// Any thread. A pipe that is full wakes as well.
    func wake() {
        var byte: UInt8 = 0
        _ = unsafe write(writing, &byte, 1)
    }

    /// It has woken the thread that waits.
    func clear() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while unsafe read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
