// SPDX-License-Identifier: MIT

internal import CLibrary

/// Whom the server runs as.
struct Account {
    let name: String
    let user: uid_t
    let group: gid_t

    /// An account without rights, for root; `nil` for other users, who need none.
    static func forServer() throws(PrivatePostgresError) -> Account? {
        guard geteuid() == 0 else { return nil }
        guard let account = find("postgres") ?? find("nobody") else {
            throw PrivatePostgresError(
                "PostgreSQL refuses root, and there is neither an account postgres nor nobody.")
        }
        return account
    }

    private static func find(_ name: String) -> Account? {
        // The entry is copied before another call can replace it.
        guard let entry = unsafe getpwnam(name) else { return nil }
        return unsafe Account(
            name: name, user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    /// A command such that it runs as this account.
    func command(_ command: [String]) -> [String] {
        ["setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups"] + command
    }
}
