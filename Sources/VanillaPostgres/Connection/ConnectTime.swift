// SPDX-License-Identifier: MIT

/// How long opening a connection may take, and each of the places where the server may be: one that
/// accepts and stays silent, or whose packets are lost, must not take the time of the others.
struct ConnectTime {
    /// All of it, where the program has said so.
    private let total: Int64?
    /// `connect_timeout` of the connection string or the environment, which is meant for each.
    private let each: Int64?

    /// Where nobody says anything: five seconds, as long as a query waits for a connection.
    private static let usual: Int64 = 5_000_000_000

    /// - Parameter connectTimeout: Of the connection string; zero or less is none.
    init(program: Duration?, connectTimeout: Int64) {
        total = program?.boundedNanoseconds
        let seconds = Duration.seconds(connectTimeout)
        each = connectTimeout > 0 ? seconds.boundedNanoseconds : nil
    }

    /// How long all of it may take in nanoseconds, with so many places.
    func whole(_ places: Int) -> Int64 {
        if let total { return total }
        guard let each else { return Self.usual }
        let (product, isTooLarge) = each.multipliedReportingOverflow(by: Int64(max(places, 1)))
        return isTooLarge ? each : product
    }

    /// How long the next place has, of what is left for so many.
    func share(of left: Int64, among places: Int) -> Int64 {
        if let each { return min(each, left) }
        return left / Int64(max(places, 1))
    }
}
