// SPDX-License-Identifier: MIT

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A thread for one call that blocks: to find a host's address.
enum HelperThread {
    /// Calls `body` on a thread of its own. False when there is no thread to be had.
    static func run(_ body: @escaping @Sendable () -> Void) -> Bool {
        let box = unsafe Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let result = unsafe pthread_create(&thread, nil, begin, box.toOpaque())
        guard result == 0 else {
            // Nobody has taken the reference.
            unsafe box.release()
            return false
        }
        #if canImport(Darwin)
            unsafe pthread_detach(thread!)
        #else
            pthread_detach(thread)
        #endif
        return true
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    #if canImport(Darwin)
        private static let begin:
            @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
                unsafe Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run()
                return unsafe nil
            }
    #else
        private static let begin:
            @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { box in
                // Balances the retain above.
                if let box = unsafe box {
                    unsafe Unmanaged<Body>.fromOpaque(box).takeRetainedValue().run()
                }
                return nil
            }
    #endif
}
