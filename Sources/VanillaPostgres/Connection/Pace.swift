// SPDX-License-Identifier: MIT

/// How fast a connection answers: since when nothing has come, and how long a round trip takes.
struct Pace {
    /// When an answer came, or the first query was sent.
    private(set) var progress: Int64 = 0
    /// At most: the shortest time so far between a query and its answer.
    private var roundTrip: Int64 = 0
    /// The next answer ends a measurement of the round trip.
    private var isTiming = false

    /// The connection was opened, in several round trips.
    mutating func opened(within time: Int64) {
        roundTrip = time
    }

    /// A query is sent, and nothing else is under way.
    mutating func began(_ now: Int64) {
        progress = now
        isTiming = true
    }

    mutating func answered(_ now: Int64) {
        if isTiming {
            isTiming = false
            roundTrip = min(roundTrip, now - progress)
        }
        progress = now
    }

    /// Whether what is under way takes long: 10 ms and two round trips.
    func isSlow(_ now: Int64) -> Bool { now - progress > 10_000_000 + 2 * roundTrip }

    /// How long nothing may come while several wait: 50 ms and two round trips.
    var stallTime: Int64 { 50_000_000 + 2 * roundTrip }
}
