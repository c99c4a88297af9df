// SPDX-License-Identifier: MIT

extension TLSConfiguration {
    /// What browsers are to remember of a host (RFC 6797): that it is there over TLS alone, so that
    /// nobody on the way can keep them from it.
    public struct StrictTransportSecurity: Sendable, Hashable {
        /// For how long after each answer, in whole seconds. Zero makes them forget.
        public var maximumAge: Duration
        /// Whether all hosts below this one are there over TLS alone, too.
        public var includesSubdomains: Bool
        /// Whether the host asks to be in the list that browsers come with, which wants a year at
        /// least, and its subdomains: that takes months to be undone.
        public var asksForPreload: Bool

        /// A policy for this host alone, for a year unless another time is given.
        public init(
            maximumAge: Duration = .seconds(365 * 24 * 60 * 60), includesSubdomains: Bool = false,
            asksForPreload: Bool = false
        ) {
            self.maximumAge = maximumAge
            self.includesSubdomains = includesSubdomains
            self.asksForPreload = asksForPreload
        }

        /// The field's value; `nil` where it is impossible.
        var value: String? {
            let seconds = maximumAge.components.seconds
            let year = 365 * 24 * 60 * 60
            guard 0...100 * Int64(year) ~= seconds,
                !asksForPreload || (includesSubdomains && seconds >= year)
            else { return nil }
            return "max-age=\(seconds)" + (includesSubdomains ? "; includeSubDomains" : "")
                + (asksForPreload ? "; preload" : "")
        }
    }
}
