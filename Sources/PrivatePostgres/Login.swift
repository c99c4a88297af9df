// SPDX-License-Identifier: MIT

/// How to log in at a private server, which the same words are good enough for.
enum Login {
    static let user = "username"
    static let password = "password"
    static let database = "example"
}
