// SPDX-License-Identifier: MIT

internal import Vanilla

/// The answer to a request that there is no database for, now.
func unavailable(_ cause: PostgresError) -> RequestError {
    RequestError(
        .serviceUnavailable, "The database is not available now.", retryAfter: 1, cause: cause)
}

extension RequestError {
    /// The answer to what is asked of a worker that stops, or has ended.
    static let workerStops = unavailable(PostgresError(.stopped, "The worker stops."))
}
