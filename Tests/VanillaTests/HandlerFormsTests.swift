// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

/// Goes to another thread and comes back.
private func pause() async {
    await withCheckedContinuation { continuation in
        onAnotherThread { continuation.resume() }
    }
}

nonisolated(nonsending) private func greetNearby(
    _ request: Request, _ response: inout ResponseWriter, from worker: Int
) async {
    let isThere = threadNumber() == worker
    await pause()
    let path = String(request.path)
    response.send(isThere && threadNumber() == worker ? path : "elsewhere")
}

private func greet(_ request: Request, _ response: inout ResponseWriter, from worker: Int) async {
    let isThere = threadNumber() == worker
    await pause()
    if !isThere || threadNumber() != worker { return response.send("elsewhere") }
    await greetNearby(request, &response, from: worker)
}

/// What `NonisolatedNonsendingByDefault` makes of a method.
private struct Nearby: Sendable {
    let worker: Int

    nonisolated(nonsending) func get(
        _ request: Request, _ response: inout ResponseWriter
    ) async throws {
        await greetNearby(request, &response, from: worker)
    }

    nonisolated(nonsending) func post(_ request: Request, _ response: inout ResponseWriter) async {
        await greetNearby(request, &response, from: worker)
    }
}

private final class Controller: Sendable {
    let worker: Int

    init(worker: Int) { self.worker = worker }

    func list(_ request: Request, _ response: inout ResponseWriter) throws {
        response.send(threadNumber() == worker ? String(request.path) : "elsewhere")
    }

    func show(_ request: Request, _ response: inout ResponseWriter) async throws {
        await greet(request, &response, from: worker)
    }

    func add(to routes: inout Routes) {
        routes.get("/method", show)
        routes.get("/synchronous-method", list)
        routes.get("/self") { [self] request, response in
            await greet(request, &response, from: worker)
        }
        routes.get("/weak-self") { [weak self] request, response in
            await greet(request, &response, from: self?.worker ?? -1)
        }
    }
}

private enum Handlers {
    static func find(_ request: Request, _ response: inout ResponseWriter) async throws {
        response.send(String(request.path))
        await pause()
    }
}

/// Handlers as they are written: each is on its worker's thread before and after it has waited.
@Suite struct HandlerFormsTests {
    @Test(arguments: backends)
    func eachIsOnItsWorkersThread(backend: Server.Backend) throws {
        let router = try Router { routes in
            let worker = threadNumber()
            routes.get("/closure") { request, response in
                await greet(request, &response, from: worker)
            }
            routes.get("/capture-list") { [worker] request, response in
                let (mine, path) = (threadNumber(), String(request.path))
                await pause()
                response.send(mine == worker && threadNumber() == worker ? path : "elsewhere")
            }
            routes.get("/nearby") { request, response in
                await greetNearby(request, &response, from: worker)
            }
            routes.get("/run") { request, response in
                try response.run(for: request) { [worker] request, response in
                    await greet(request, &response, from: worker)
                }
            }
            routes.get("/run-nearby") { request, response in
                try response.run(for: request, Nearby(worker: worker).get)
            }
            routes.get("/static", Handlers.find)
            Controller(worker: worker).add(to: &routes)
            let nearby = Nearby(worker: worker)
            routes.get("/nearby-method", nearby.get)
            routes.post("/post", nearby.post)
            routes.put("/put", nearby.get)
            routes.patch("/patch", nearby.get)
            routes.delete("/delete", nearby.post)
        }
        let server = try Server(configuration: local(backend), router: router)
        let paths = [
            "closure", "capture-list", "nearby", "run", "run-nearby", "static", "method",
            "synchronous-method", "self", "nearby-method",
        ].map { "/\($0)" }
        let other = ["post", "put", "patch", "delete"]
        let requests =
            paths.map { get($0) }
            + other.map {
                "\($0.uppercased()) /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
            }
        #expect(try server.answers(requests).map(\.text) == paths + other.map { "/\($0)" })
        #expect(requests.map { server.answer($0).text } == paths + other.map { "/\($0)" })
    }
}
