// SPDX-License-Identifier: MIT

import Vanilla

extension Server {
    /// What this example serves.
    static func chat(_ configuration: Configuration, hub: EventHub) throws -> Server {
        var configuration = configuration
        configuration.limits.body = 4 << 10
        return try Server(configuration: configuration, router: .chat(hub))
    }
}

extension Router {
    /// The page, and the rooms: to talk in, to read only, and to say one thing.
    static func chat(_ hub: EventHub) throws(RouteError) -> Router {
        try Router { routes in
            routes.get("/") { _, response in
                response.send(page, contentType: .html)
            }
            routes.get("/rooms/:room") { request, response in
                let room = try Room(request)
                let name = try Nickname(request)
                try response.acceptWebSocket(for: request, .ofRooms) { socket in
                    try await talk(name, socket, in: room, hub)
                }
            }
            routes.get("/rooms/:room/events") { request, response in
                try response.subscribe(to: Room(request).rawValue, in: hub, for: request)
            }
            routes.post("/rooms/:room") { request, response in
                try Room(request).say("\(Nickname(request).text): \(String(request.body))", in: hub)
                response.send("sent\n")
            }
        }
    }
}

extension WebSocket.Options {
    /// Pages of others may not talk in the name of who reads them, and what is said is short.
    fileprivate static var ofRooms: WebSocket.Options {
        var options = WebSocket.Options()
        options.origins = .same
        options.message = 4 << 10
        return options
    }
}

/// As long as somebody is there. They read themselves, too.
nonisolated(nonsending) private func talk(
    _ name: Nickname, _ socket: WebSocket, in room: Room, _ hub: EventHub
) async throws {
    try socket.subscribe(to: room.rawValue, in: hub)
    try room.say("\(name.text) has come.", in: hub)
    defer { try? room.say("\(name.text) has gone.", in: hub) }
    for try await message in socket {
        guard case .text(let text) = message else { continue }
        try room.say("\(name.text): \(text)", in: hub)
    }
}
