// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import VanillaTestSupport

/// A hasher that costs nothing and hides nothing, and tells what it was asked.
struct PlainHasher: PasswordHasher {
    /// The hashes that attempts were checked against.
    let checked = Recorder<PasswordHash?>()
    /// Whether it has too much to do.
    var isBusy = false

    func hash(_ password: Password) throws -> PasswordHash {
        if isBusy { throw ApplicationError.busy }
        return PasswordHash("plain:" + password.text)
    }

    func isPassword(_ attempt: String, of hash: PasswordHash?) throws -> Bool {
        if isBusy { throw ApplicationError.busy }
        checked.record(hash)
        return hash == PasswordHash("plain:" + attempt)
    }
}
