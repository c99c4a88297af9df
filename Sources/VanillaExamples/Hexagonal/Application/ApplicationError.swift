// SPDX-License-Identifier: MIT

/// Why something was not done, as far as a client can do something about it. Whatever else is
/// thrown is ours to repair.
public enum ApplicationError: Error, Equatable, Sendable {
    /// What was filled in is not valid, and all that is wrong with it.
    case invalid([Problem])
    /// There is a user of that name.
    case nameTaken
    /// No such user, or not the password: nobody learns which.
    case wrongCredentials
    /// Too many want the same at the moment. Later it may work.
    case busy
}
