// SPDX-License-Identifier: MIT

internal import CLibrary

/// Where the programs of the server are.
struct PostgresPrograms {
    /// The folder of `initdb`, `pg_ctl` and `postgres`.
    let directory: String

    /// Finds them by `PATH`, else where packages put them, the newest version first. Distributions
    /// keep them out of `PATH` so that several versions can be installed.
    static func find() throws(PrivatePostgresError) -> PostgresPrograms {
        try find(in: searchPath + packageFolders)
    }

    /// Finds them in the first of these directories that has all.
    static func find(in directories: [String]) throws(PrivatePostgresError) -> PostgresPrograms {
        for directory in directories {
            // A link in PATH may be to one program alone.
            guard let program = realPath(directory + "/initdb") else { continue }
            let found = String(program.dropLast("/initdb".count))
            if hasAll(found) { return PostgresPrograms(directory: found) }
        }
        throw PrivatePostgresError(
            "PostgreSQL is not installed: initdb, pg_ctl and postgres are neither in PATH nor where "
                + "packages put them. Install the server, which is \"postgresql\" or "
                + "\"postgresql-server\" for most package managers.")
    }

    private static func hasAll(_ directory: String) -> Bool {
        ["initdb", "pg_ctl", "postgres"].allSatisfy { name in
            unsafe access(directory + "/" + name, X_OK) == 0
        }
    }

    private static var searchPath: [String] {
        (environmentVariable("PATH") ?? "").split(separator: ":").map(String.init)
    }

    /// Those of Debian, of PostgreSQL's own packages for Fedora, of Homebrew on either processor,
    /// and of a build from source.
    private static var packageFolders: [String] {
        versions(of: "/usr/lib/postgresql/") + versions(of: "/usr/pgsql-")
            + versions(of: "/opt/homebrew/opt/postgresql@")
            + versions(of: "/usr/local/opt/postgresql@") + ["/usr/local/pgsql/bin"]
    }

    /// The folders of programs whose path is this and a version.
    private static func versions(of path: String) -> [String] {
        let parent = path.prefix(through: path.lastIndex(of: "/")!)
        let prefix = String(path.dropFirst(parent.count))
        return newestFirst(entries(of: String(parent)), after: prefix).map { number in
            "\(path)\(number)/bin"
        }
    }

    /// The numbers after this prefix of names.
    static func newestFirst(_ names: [String], after prefix: String) -> [Int] {
        names.filter { name in name.hasPrefix(prefix) }
            .compactMap { name in Int(name.dropFirst(prefix.count)) }.sorted(by: >)
    }
}
