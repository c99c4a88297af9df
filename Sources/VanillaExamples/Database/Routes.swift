// SPDX-License-Identifier: MIT

import Vanilla
import VanillaPostgres

extension Server {
    /// What this example serves.
    static func users(
        _ configuration: Configuration, in pool: PostgresPool
    ) throws -> Server {
        var configuration = configuration
        // A body is a name, and the longest list is known.
        configuration.limits.body = 255
        return try Server(configuration: configuration, router: .users(in: pool))
    }
}

private let insertUser = Statement("insert into users (name) values ($1) returning id, name")
private let findUser = Statement("select id, name from users where id = $1", .reads)
private let listUsers = Statement(
    "select id, name from users where id > $1 order by id limit $2", .reads)

/// The most users of one list. What comes after them is linked to.
private let maximumListCount = 10_000

extension Router {
    /// Users: list them, find one, add one.
    static func users(in pool: PostgresPool) throws(RouteError) -> Router {
        try Router { routes in
            routes.get("/") { _, response in
                response.send("", contentType: .json)
            }
            routes.get(
                "/user",
                withTable(of: pool) { request, response in
                    let after = try request.after
                    let connection = try await pool.acquire()
                    defer { pool.release(connection) }

                    let rows = try await connection.query(listUsers, after, maximumListCount)
                    if rows.count == maximumListCount, let last = rows.last {
                        let target = "/user?after=\(try last[0, as: Int32.self])"
                        try response.headers.add(.link, "<\(target)>; rel=\"next\"")
                    }
                    response.send(try rows.map { row in try row.line }.joined())
                })
            routes.post(
                "/user",
                withTable(of: pool) { request, response in
                    let name = try request.newName
                    let connection = try await pool.acquire()
                    defer { pool.release(connection) }

                    let row = try await connection.query(insertUser, name)[0]
                    try response.headers.add(.location, "/user/\(try row[0, as: Int32.self])")
                    response.send(try row.line, status: .created)
                })
            // Without a connection of its own: such queries share one, many of them under way.
            routes.get(
                "/user/:id",
                withTable(of: pool) { request, response in
                    // As large as the column: anything else is not an id.
                    let id = try request.parameters.require("id", as: Int32.self, else: .badRequest)
                    guard let row = try await pool.query(findUser, id).first else {
                        throw RequestError(.notFound)
                    }
                    response.send(try row.line)
                })
        }
    }
}

extension PostgresRow {
    /// A user, as a line.
    fileprivate var line: String {
        get throws(PostgresError) {
            "\(try self[0, as: Int32.self]) \(try self[1, as: String.self])\n"
        }
    }
}

extension Request {
    /// The id after which the list begins.
    fileprivate var after: Int32 {
        get throws(RequestError) {
            guard let item = query.first(named: "after") else { return 0 }
            guard let id = item.number(as: Int32.self) else {
                throw RequestError(.badRequest, "\"after\" must be the id of a user.")
            }
            return id
        }
    }

    /// The name of a new user: the body, if there is one. A line is one user, so a name has no end
    /// of a line in it.
    fileprivate var newName: String {
        get throws(RequestError) {
            if body.isEmpty { return "new_user" }
            guard let name = String(validating: body),
                !name.unicodeScalars.contains(where: \.isControl)
            else { throw RequestError(.badRequest, "A name must be one line of text in UTF-8.") }
            return name
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
