// SPDX-License-Identifier: MIT

public import Vanilla

extension Server {
    /// What the listeners have counted of TLS, in their order; `nil` for those without. From any
    /// thread.
    public var tlsStatistics: [TLSStatistics?] {
        openTransports.map { ($0 as? TLSCore)?.statistics }
    }
}
