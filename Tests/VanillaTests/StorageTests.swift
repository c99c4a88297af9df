// SPDX-License-Identifier: MIT

import Testing
import Vanilla
import VanillaTestSupport

private struct Small: Equatable { var number: Int }
private struct Large: Equatable { var words = SIMD64<Int64>(repeating: 7) }
private struct Named<Name>: Equatable { var number: Int }

/// Counts those that are left.
private final class Counted {
    let living: Recorder<Int>

    init(_ living: Recorder<Int>) {
        self.living = living
        living.record(1)
    }

    deinit { living.record(-1) }
}

private struct HasWeak {
    weak var object: Counted?
}

@Suite struct StorageTests {
    @Test func handsValuesOn() throws {
        let server = try routed { routes in
            routes.use { request, response, next in
                request.storage[Small.self] = Small(number: 1)
                request.storage[String.self] =
                    "a text that is longer than what a String holds itself"
                request.storage[Large.self] = Large()
                try next(request, &response)
            }
            routes.group { group in
                group.use { request, response, next in
                    request.storage[Small.self]?.number += 1
                    try next(request, &response)
                    #expect(request.storage[Small.self] == Small(number: 3))
                }
                group.get("/") { request, response in
                    let small = try request.storage.require(Small.self)
                    request.storage[Small.self] = Small(number: small.number + 1)
                    let isThere = request.storage[Large.self] == Large()
                    response.send("\(small.number) \(request.storage[String.self]!) \(isThere)")
                }
            }
        }
        #expect(
            server.answer(get("/")).text
                == "2 a text that is longer than what a String holds itself true")
        // What takes no route passes through the router's middleware, too.
        #expect(server.answer(get("/none")).status == 404)
    }

    @Test func keepsMoreThanItHasRoomFor() throws {
        enum A {}
        enum B {}
        enum C {}
        enum D {}
        let server = try routed { routes in
            routes.get("/") { request, response in
                let storage = request.storage
                func set<Name>(_: Name.Type, _ number: Int?) {
                    storage[Named<Name>.self] = number.map { Named(number: $0) }
                    storage[Named<[Name]>.self] = number.map { Named(number: $0 + 1) }
                    storage[Named<Name?>.self] = number.map { Named(number: $0 + 2) }
                }
                func sum<Name>(_: Name.Type) -> Int {
                    let numbers = [
                        storage[Named<Name>.self]?.number, storage[Named<[Name]>.self]?.number,
                        storage[Named<Name?>.self]?.number,
                    ]
                    return numbers.compactMap(\.self).reduce(0, +)
                }
                for round in 1...3 {
                    set(A.self, 10 * round)
                    set(B.self, 100 * round)
                    set(C.self, 1000 * round)
                    set(D.self, 10000 * round)
                }
                set(B.self, nil)
                set(D.self, nil)
                response.send("\(sum(A.self)) \(sum(B.self)) \(sum(C.self)) \(sum(D.self))")
            }
        }
        #expect(server.answer(get("/")).text == "93 0 9003 0")
    }

    @Test func isOfOneRequest() throws {
        let server = try routed { routes in
            routes.get("/") { request, response in
                let was = request.storage[Small.self]
                request.storage[Small.self] = Small(number: 1)
                response.send("\(was == nil)")
            }
        }
        let answers = try server.answers([get("/"), get("/")])
        #expect(answers.map(\.text) == ["true", "true"])
    }

    @Test func saysThatAValueIsMissing() throws {
        let log = Recorder<String>()
        let server = try routed(log: log) { routes in
            routes.get("/") { request, _ in _ = try request.storage.require(Small.self) }
        }
        #expect(server.answer(get("/")).status == 500)
        #expect(log.values.contains { $0.contains("No middleware") && $0.contains("Small") })
    }

    /// However the handler ends, and whether it waits.
    @Test(arguments: ["/plain", "/throws", "/waits", "/waits-and-throws", "/none"])
    func releasesItsValues(path: String) throws {
        let living = Recorder<Int>()
        let server = try routed { routes in
            routes.use { request, response, next in
                let object = Counted(living)
                request.storage[Counted.self] = object
                // Those that cannot be moved bit by bit, too.
                request.storage[HasWeak.self] = HasWeak(object: object)
                request.storage[[Counted].self] = [Counted(living), Counted(living)]
                try next(request, &response)
            }
            func areThere(_ request: borrowing Request) -> Bool {
                request.storage[HasWeak.self]?.object != nil
                    && request.storage[[Counted].self]?.count == 2
            }
            routes.get("/plain") { request, response in response.send("\(areThere(request))") }
            routes.get("/throws") { _, _ in throw RequestError(.forbidden) }
            routes.get("/waits") { request, response in
                let weak = request.storage[HasWeak.self]
                await Task.yield()
                let many = request.storage[[Counted].self]
                response.send("\(weak?.object != nil && many?.count == 2)")
            }
            routes.get("/waits-and-throws") { _, _ in
                await Task.yield()
                throw RequestError(.forbidden)
            }
        }
        for _ in 0..<2 {
            let answer = server.answer(get(path))
            #expect(answer.status != 200 || answer.text == "true")
            #expect(living.values.reduce(0, +) == 0)
        }
        #expect(living.values.filter { $0 > 0 }.count == 6)
    }
}
