// SPDX-License-Identifier: MIT

/// What is known of types that differ from database to database: those of users and of extensions,
/// and those of the server that nothing here is made of. It does not change: a shard that has
/// learned more has another one, and results keep the one that they were read with.
final class TypeTable: Sendable {
    /// What a type is, as `pg_type.typtype` and `typcategory` say.
    enum Kind: String, Sendable {
        case array
        case base
        case composite
        case domain
        case enumeration
        case multirange
        case pseudotype = "pseudo-type"
        case range
    }

    struct Entry: Sendable {
        let name: String
        let kind: Kind
        /// The type whose binary format its values have: for a domain the one below it, for texts
        /// and enumerations `text`.
        let form: PostgresType
        /// The type of the bounds of a range.
        let bound: PostgresType?
        /// The names of a composite's fields.
        let fields: [String]
    }

    static let empty = TypeTable([:])

    /// A type that the database does not have any more has no entry, and is not looked up again.
    private let entries: [PostgresType: Entry?]

    private init(_ entries: [PostgresType: Entry?]) {
        self.entries = entries
    }

    func adding(_ more: [PostgresType: Entry?]) -> TypeTable {
        TypeTable(entries.merging(more) { $1 })
    }

    func adding(_ more: TypeTable) -> TypeTable { adding(more.entries) }
}

extension TypeTable {
    /// Whether all that can be found out about a type is known.
    func knows(_ type: PostgresType) -> Bool {
        type.builtInName != nil || entries[type] != nil
    }

    func entry(_ type: PostgresType) -> Entry? {
        entries[type] ?? nil
    }

    /// The type whose binary format values of the type have.
    func form(of type: PostgresType) -> PostgresType {
        // Numbers below are the same everywhere, and none of those types has another one's format.
        type.rawValue < Self.firstAssigned ? type : entry(type)?.form ?? type
    }

    /// From here on a database gives types their numbers by itself.
    private static let firstAssigned: UInt32 = 10_000

    func isArray(_ type: PostgresType) -> Bool {
        guard let name = type.builtInName else { return entry(type)?.kind == .array }
        return name.withUTF8Buffer { unsafe $0.last == UInt8(ascii: "]") }
    }

    /// What the bounds of a range are; nil for a type that is no range.
    func bound(of type: PostgresType) -> PostgresType? {
        type.builtInBound ?? entry(type)?.bound
    }

    func isComposite(_ type: PostgresType) -> Bool {
        type == .record || entry(type)?.kind == .composite
    }

    /// The type for people: its name and, where that does not say it, what it is.
    func describe(_ type: PostgresType) -> String {
        if let name = type.builtInName { return "\(name)" }
        guard let entry = entry(type) else { return "with the unknown oid \(type.rawValue)" }
        return entry.kind == .base || entry.kind == .array
            ? entry.name : "\(entry.name) (\(entry.kind.rawValue))"
    }
}
