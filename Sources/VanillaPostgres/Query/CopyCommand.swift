// SPDX-License-Identifier: MIT

/// A COPY whose rows pass between the server and its client. One from or to a file or a program of
/// the server is a statement like any other.
enum CopyCommand {
    /// `COPY ... FROM STDIN`.
    case fromClient
    /// `COPY ... TO STDOUT`.
    case toClient

    /// What a statement is; nil for any other than these.
    init?(_ sql: String) {
        guard sql.utf8.count <= PostgresParameters.sizeLimit,
            SQLText.command(of: sql) == "copy"
        else { return nil }
        var words = SQLText.Words(sql)
        var direction = CopyCommand?.none
        while let word = words.next() {
            switch word {
            case "from": direction = .fromClient
            case "to": direction = .toClient
            // The server takes either for both.
            case "stdin", "stdout":
                guard let direction else { continue }
                self = direction
                return
            default: direction = nil
            }
        }
        return nil
    }

    /// Why such a statement is not sent as a query; nil for any other.
    static func refusal(of sql: String) -> PostgresError? {
        guard let command = CopyCommand(sql) else { return nil }
        let name = command == .fromClient ? "copyIn" : "copyOut"
        return PostgresError(
            .misuse,
            "Rows are copied on a connection of one's own: use withConnection, and \(name)."
        )
    }
}
