// SPDX-License-Identifier: MIT

/// How fast a connection answers: since when nothing has come, and how long the way there and back is.
struct Pace {
    /// When an answer came, or the first query was sent.
    private(set) var progress: Int64 = 0
    /// At most: the shortest time to an answer so far.
    private var roundTrip: Int64 = 0
    /// The next answer tells.
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

    /// Whether what is under way takes long: 10 ms, and what the way takes.
    func isSlow(_ now: Int64) -> Bool { now - progress > 10_000_000 + 2 * roundTrip }

    /// How long nothing may come while several wait: 50 ms, and what the way takes.
    var stallTime: Int64 { 50_000_000 + 2 * roundTrip }
}
