// SPDX-License-Identifier: MIT

internal import CVanillaIO

extension WebSocket {
    /// What C calls, in memory that is never freed.
    static nonisolated(unsafe) let calls = {
        let calls = UnsafeMutablePointer<vn_websocket_calls>.allocate(capacity: 1)
        unsafe calls.initialize(
            to: vn_websocket_calls(
                message: message, ended: ended, writable: writable, closed: closed))
        return unsafe UnsafePointer(calls)
    }()

    // C passes the context in each call, and `closed` is the last.

    private static let message: @convention(c) (UnsafeMutableRawPointer?, UInt8, vn_span) -> Int32 =
        { context, kind, bytes in
            unsafe Unmanaged<WebSocket>.fromOpaque(context!)._withUnsafeGuaranteedRef { socket in
                unsafe socket.receive(Bytes(lent: bytes), kind)
            }
        }

    private static let ended: @convention(c) (UnsafeMutableRawPointer?, UInt16, vn_span) -> Bool = {
        context, code, reason in
        unsafe Unmanaged<WebSocket>.fromOpaque(context!)._withUnsafeGuaranteedRef { socket in
            let text = unsafe String(Bytes(lent: reason))
            let code = CloseCode(code)
            let owes = unsafe socket.noteEnd(code, text, isClients: reason.bytes != nil)
            socket.callbacks?.onClose?(socket, code, text)
            return owes
        }
    }

    private static let writable: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        unsafe Unmanaged<WebSocket>.fromOpaque(context!)._withUnsafeGuaranteedRef { socket in
            socket.noteRoom(isOver: false)
        }
    }

    private static let closed: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // Balances the retain when it was accepted.
        let socket = unsafe Unmanaged<WebSocket>.fromOpaque(context!).takeRetainedValue()
        socket.noteRoom(isOver: true)
        socket.state.withLock { state in state.task.take() }?.cancel()
    }

    private func receive(_ bytes: Bytes, _ kind: UInt8) -> Int32 {
        guard let callbacks else {
            let wantsMore = take(Message(copying: bytes, kind: kind))
            return Int32(wantsMore ? VN_RECEIVE_MORE : VN_RECEIVE_PAUSE)
        }
        do {
            let call = kind == MessageKind.text.c ? callbacks.onText : callbacks.onBinary
            if let call { try call(self, bytes) } else { try close(.unsupportedData) }
            return Int32(VN_RECEIVE_MORE)
        } catch {
            report(error)
            return -1
        }
    }
}
