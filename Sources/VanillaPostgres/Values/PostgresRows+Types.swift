// SPDX-License-Identifier: MIT

internal import Vanilla

extension PostgresRows {
    /// Whether there are rows with types in them that differ from database to database, or may be.
    var hasOtherTypes: Bool {
        guard count > 0 else { return false }
        for column in 0..<columnCount {
            let type = type(of: column)
            if type.builtInName == nil || type == .record { return true }
        }
        return false
    }

    /// The types that are not known: of columns, and of the fields of a `record`, which are in each
    /// value and nowhere else.
    var unknownTypes: [PostgresType] {
        var unknown: [PostgresType] = []
        func look(at type: PostgresType) {
            if !types.knows(type) && !unknown.contains(type) { unknown.append(type) }
        }
        for column in 0..<columnCount {
            let type = type(of: column)
            look(at: type)
            guard type == .record else { continue }
            for row in 0..<count {
                guard let cell = try? cell(row: row, column: column) else { continue }
                for field in cell.fields ?? [] { look(at: field.type) }
            }
        }
        return unknown
    }
}

extension TypeTable {
    /// Asks for types by their numbers, and for those that they are made of: the elements of an
    /// array, the fields of a composite, the type below a domain, the bounds of a range.
    static let question = """
        with recursive wanted (oid) as (
            select pg_catalog.unnest($1::pg_catalog.oid[])
            union
            select part.oid
            from wanted
            join pg_catalog.pg_type t on t.oid = wanted.oid
            cross join lateral (
                select t.typelem where t.typcategory = 'A'
                union all select t.typbasetype where t.typtype = 'd'
                union all select rngsubtype from pg_catalog.pg_range where rngtypid = t.oid
                union all select atttypid from pg_catalog.pg_attribute
                where t.typtype = 'c' and attrelid = t.typrelid and attnum > 0
                    and not attisdropped
            ) part (oid)
        )
        select t.oid, pg_catalog.format_type(t.oid, null), t.typtype, t.typcategory, t.typbasetype,
            r.rngsubtype,
            array(select attname::pg_catalog.text from pg_catalog.pg_attribute
                where t.typtype = 'c' and attrelid = t.typrelid and attnum > 0
                    and not attisdropped order by attnum)
        from wanted
        join pg_catalog.pg_type t on t.oid = wanted.oid
        left join pg_catalog.pg_range r on r.rngtypid = t.oid
        """

    /// What the rows that answer the question say, besides what is known: of the types that were
    /// asked for, and of those that they are made of.
    func adding(_ asked: [PostgresType], _ rows: PostgresRows) throws(PostgresError) -> TypeTable {
        var answers: [PostgresType: Answer] = [:]
        for row in rows {
            let answer = try Answer(row)
            answers[answer.type] = answer
        }
        var entries: [PostgresType: Entry?] = [:]
        for type in asked { entries.updateValue(nil, forKey: type) }
        for (type, answer) in answers where type.builtInName == nil {
            let form = Self.form(of: type, answers)
            entries[type] = Entry(
                name: answer.name, kind: answer.kind, form: form, bound: answer.bound,
                fields: answer.fields)
        }
        return adding(entries)
    }

    /// A row of the answer.
    private struct Answer {
        let type: PostgresType
        let name: String
        let kind: Kind
        let isText: Bool
        let base: PostgresType
        let bound: PostgresType?
        let fields: [String]

        init(_ row: PostgresRow) throws(PostgresError) {
            type = try Self.type(row[0]) ?? .unspecified
            name = try row[1]
            let (letter, category): (String, String) = try (row[2], row[3])
            kind =
                switch letter {
                case "c": .composite
                case "d": .domain
                case "e": .enumeration
                case "m": .multirange
                case "p": .pseudotype
                case "r": .range
                default: category == "A" ? .array : .base
                }
            isText = kind == .enumeration || (kind == .base && category == "S")
            base = try Self.type(row[4]) ?? .unspecified
            bound = try Self.type(row[5])
            fields = try row[6]
        }

        private static func type(_ number: Int?) -> PostgresType? {
            number.map { PostgresType(rawValue: UInt32(truncatingIfNeeded: $0)) }
        }
    }

    private static func form(
        of type: PostgresType, _ answers: [PostgresType: Answer]
    ) -> PostgresType {
        var type = type
        // No more steps than types, even where the answer is a circle.
        for _ in answers {
            guard let answer = answers[type], type.builtInName == nil else { return type }
            if answer.isText { return .text }
            guard answer.kind == .domain else { return type }
            type = answer.base
        }
        return type
    }
}
