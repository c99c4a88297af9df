// SPDX-License-Identifier: MIT

/// How the columns of a result are called that a `Decodable` type is made from. Later versions may
/// know more ways.
public struct PostgresColumnNames: Sendable, Hashable, CustomStringConvertible {
    /// The name of the static member, for people.
    public let description: String

    private init(_ name: String) {
        description = name
    }

    /// As the type's keys; where no column is called so, as ``snakeCase``.
    public static let automatic = PostgresColumnNames("automatic")
    /// As the type's keys: `createdAt`, which SQL has to write as `"createdAt"`.
    public static let exact = PostgresColumnNames("exact")
    /// In lower case with `_` between the words of a key: `createdAt` is `created_at`, `userID` is
    /// `user_id`, `homeURLText` is `home_url_text`. A key that is written so is left as it is.
    public static let snakeCase = PostgresColumnNames("snakeCase")
}

extension PostgresColumnNames {
    /// The names that the column for a key may have, the best first.
    func columns(_ key: String) -> [String] {
        let other = Self.snakeCase(key)
        if self == .exact || other == key { return [key] }
        return self == .snakeCase ? [other] : [key, other]
    }

    /// The other direction cannot be told: `user_id` may be `userId` or `userID`.
    static func snakeCase(_ key: String) -> String {
        let letters = Array(key)
        var name = ""
        for (index, letter) in letters.enumerated() {
            // A word begins after a small letter, and with the last capital of several.
            if letter.isUppercase, index > 0, letters[index - 1] != "_" {
                let isFirst = !letters[index - 1].isUppercase
                let isLast = index + 1 < letters.count && letters[index + 1].isLowercase
                if isFirst || isLast { name.append("_") }
            }
            name += letter.lowercased()
        }
        return name
    }
}
