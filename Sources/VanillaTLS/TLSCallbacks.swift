// SPDX-License-Identifier: MIT

internal import CVanillaTLS
internal import Vanilla

/// What C asks while it loads certificates, and what it tells.
final class TLSCallbacks: Sendable {
    private let passwords: [(@Sendable () -> String?)?]
    private let report: @Sendable (Server.LogLevel, String) -> Void

    init(
        _ passwords: [(@Sendable () -> String?)?],
        log: @escaping @Sendable (Server.LogLevel, String) -> Void
    ) {
        self.passwords = passwords
        report = log
    }

    static let password:
        @convention(c) (
            UnsafeMutableRawPointer?, UInt32, UnsafeMutablePointer<CChar>?, Int32
        ) -> Int32 = { context, place, to, capacity in
            guard let context = unsafe context, let to = unsafe to else { return -1 }
            // The context outlives C's object.
            return unsafe Unmanaged<TLSCallbacks>.fromOpaque(context)._withUnsafeGuaranteedRef {
                callbacks in
                guard var password = callbacks.passwords[Int(place)]?() else { return -1 }
                return password.withUTF8 { bytes in
                    guard bytes.count <= Int(capacity) else { return -1 }
                    // There is room for `capacity` bytes.
                    unsafe UnsafeMutableRawPointer(to).copyMemory(
                        from: UnsafeRawPointer(bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!),
                        byteCount: bytes.count)
                    return Int32(bytes.count)
                }
            }
        }

    static let log:
        @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void =
            { context, level, message in
                guard let context = unsafe context, let message = unsafe message else { return }
                // The context outlives C's object.
                unsafe Unmanaged<TLSCallbacks>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.report(Server.LogLevel(c: level), unsafe String(cString: message))
                }
            }
}
