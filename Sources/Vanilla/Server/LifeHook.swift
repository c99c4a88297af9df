// SPDX-License-Identifier: MIT

/// Something to do at the start or at the end of a server.
enum LifeHook: Sendable {
    case start(Server.Hook)
    case stop(Server.Hook)
}
