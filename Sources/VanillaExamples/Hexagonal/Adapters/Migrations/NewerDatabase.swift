// SPDX-License-Identifier: MIT

/// The database is of a later release of this program, which may have written what this one does
/// not understand.
struct NewerDatabase: Error, CustomStringConvertible {
    let version: Int64
    let known: Int

    var description: String {
        "The database has version \(version), but this program knows \(known) at most."
    }
}
