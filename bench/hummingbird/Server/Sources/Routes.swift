// SPDX-License-Identifier: MIT

import Hummingbird

extension Router where Context == BasicRequestContext {
    /// Those routes of the arena that the benchmark asks for.
    static func likeArena() -> Router {
        let router = Router()
        router.get("/pipeline") { _, _ in "ok" }
        // Every handler of Hummingbird is asynchronous, so this is the same again.
        router.get("/async") { (_, _) async in "ok" }
        router.get("/delay/:milliseconds") { _, context in
            let milliseconds = try context.parameters.require("milliseconds", as: Int.self)
            guard 0...60_000 ~= milliseconds else { throw HTTPError(.notFound) }
            try await Task.sleep(for: .milliseconds(milliseconds))
            return "ok"
        }
        return router
    }
}
