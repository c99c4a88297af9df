// SPDX-License-Identifier: MIT

internal import CVanillaIO

/// The defaults of options, read from the core once: it is the only place where they are written.
/// `Tests/Layout/test_defaults.py` compares what is said of them elsewhere.
enum Defaults {
    /// Of a server.
    // Its pointers are NULL, and it never changes.
    nonisolated(unsafe) static let server: vn_config = {
        var config = unsafe vn_config()
        unsafe vn_config_init(&config)
        return unsafe config
    }()

    /// Of a stream of events.
    static let stream: vn_event_stream = {
        var options = vn_event_stream()
        unsafe vn_event_stream_init(&options)
        return options
    }()

    /// Of a WebSocket.
    // Its pointer is NULL, and it never changes.
    nonisolated(unsafe) static let webSocket: vn_websocket_options = {
        var options = unsafe vn_websocket_options()
        unsafe vn_websocket_options_init(&options)
        return unsafe options
    }()

    /// Of a hub of events.
    static let hub: vn_hub_options = {
        var options = vn_hub_options()
        unsafe vn_hub_options_init(&options)
        return options
    }()
}

extension Duration {
    /// C's milliseconds.
    init(milliseconds: UInt32) {
        self = .milliseconds(Int64(milliseconds))
    }

    /// C's milliseconds, of which 0 stands for none.
    static func unlessZero(milliseconds: UInt32) -> Duration? {
        milliseconds == 0 ? nil : Duration(milliseconds: milliseconds)
    }
}
