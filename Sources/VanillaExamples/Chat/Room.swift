// SPDX-License-Identifier: MIT

import Vanilla

/// Where people talk: a topic of the hub, which sockets and streams of events read alike.
enum Room: String, CaseIterable {
    case lobby, kitchen, garden

    /// The room that a request names.
    init(_ request: Request) throws(RequestError) {
        guard let name = request.parameters["room"], let room = Room(rawValue: String(name)) else {
            let names = Room.allCases.map(\.rawValue).joined(separator: ", ")
            throw RequestError(.notFound, "There is no such room. There are: \(names).")
        }
        self = room
    }

    /// Tells everybody in it.
    func say(_ text: String, in hub: EventHub) throws {
        try hub.publish(ServerSentEvent(text), to: rawValue)
    }
}

/// What somebody is called.
struct Nickname {
    let text: String

    /// The one that a request asks for: 1 to 20 letters, digits and the like, so that nobody is
    /// taken for somebody else by spaces or by a colon.
    init(_ request: Request) throws(RequestError) {
        text = request.query["name"].map { String($0) } ?? "guest"
        let isFine = text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        guard isFine, 1...20 ~= text.count else {
            throw RequestError(.badRequest, "A name has 1 to 20 letters and digits.")
        }
    }
}
