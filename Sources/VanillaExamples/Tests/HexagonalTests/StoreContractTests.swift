// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import Testing

/// What the ports say of every store.
@Suite struct StoreContractTests {
    private let hash = PasswordHash("$argon2id$it's text, 100 % \u{1F511}")

    @Test(arguments: TestedStore.allCases)
    func findsAUserThatWasAdded(kind: TestedStore) async throws {
        try await kind.with { store in
            let name = try UserName("ada")
            #expect(try await store.findUser(named: name) == nil)
            let user = try await store.addUser(named: name, passwordHash: hash)
            #expect(user == User(id: 1, name: name))
            let found = try #require(try await store.findUser(named: name))
            #expect(found.user == user && found.passwordHash == hash)
            #expect(try await store.findUser(named: UserName("ada2")) == nil)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func takesANameOnce(kind: TestedStore) async throws {
        try await kind.with { store in
            let name = try UserName("ada")
            _ = try await store.addUser(named: name, passwordHash: hash)
            await #expect(throws: ApplicationError.nameTaken) {
                try await store.addUser(named: name, passwordHash: PasswordHash("other"))
            }
            // And is as it was.
            #expect(try await store.findUser(named: name)?.passwordHash == hash)
            let next = try await store.addUser(named: UserName("bob"), passwordHash: hash)
            #expect(next.id > 1)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func takesANameOnceOfManyAtTheSameTime(kind: TestedStore) async throws {
        try await kind.with { store in
            let name = try UserName("ada")
            let taken = await withTaskGroup(of: ApplicationError?.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        do {
                            _ = try await store.addUser(named: name, passwordHash: hash)
                            return nil
                        } catch {
                            return error as? ApplicationError ?? .busy
                        }
                    }
                }
                return await group.reduce(into: []) { results, result in results.append(result) }
            }
            #expect(taken.count { result in result == nil } == 1)
            #expect(taken.count { result in result == .nameTaken } == 49)
            #expect(try await store.listUsers(#require(Page())).count == 1)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func listsUsersPageByPage(kind: TestedStore) async throws {
        try await kind.with { store in
            let names = try (0..<25).map { number in try UserName("user\(99 - number)") }
            for name in names { _ = try await store.addUser(named: name, passwordHash: hash) }
            var listed: [User] = []
            for count in [10, 10, 5, 0] {
                let page = try #require(Page(after: listed.last?.id ?? 0, limit: 10))
                let users = try await store.listUsers(page)
                #expect(users.count == count)
                listed += users
            }
            #expect(listed.map(\.name) == names)
            #expect(listed.map(\.id) == listed.map(\.id).sorted())
        }
    }

    @Test(
        arguments: TestedStore.allCases,
        [(Int64.min, 2), (-1, 2), (0, 2), (1, 1), (2, 0), (Int64.max, 0)] as [(Int64, Int)])
    func beginsAPageBehindAnyNumber(kind: TestedStore, place: (after: Int64, count: Int))
        async throws
    {
        try await kind.with { store in
            for name in ["one", "two"] {
                _ = try await store.addUser(named: UserName(name), passwordHash: hash)
            }
            let page = try #require(Page(after: place.after))
            #expect(try await store.listUsers(page).count == place.count)
            #expect(try await store.listProducts(page).isEmpty)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func keepsProducts(kind: TestedStore) async throws {
        try await kind.with { store in
            let price = try Price(amount: Amount(Amount.maximum), currency: Currency("EUR"))
            let free = try Price(amount: Amount(0), currency: Currency("XXX"))
            let rows = try [
                (ProductName("'; DROP TABLE products; --"), price),
                (ProductName("Gr\u{FC}ner Tee \u{1F375}"), free), (ProductName("\"?$1%"), free),
            ]
            var added: [Product] = []
            for (name, price) in rows + [rows[0]] {
                added.append(try await store.addProduct(named: name, price: price))
            }
            #expect(try await store.listProducts(#require(Page())) == added)
            #expect(try await store.listProducts(#require(Page(after: added[2].id))) == [added[3]])
            #expect(added.map(\.name) == (rows + [rows[0]]).map(\.0))
            #expect(added.map(\.price) == [price, free, free, price])
        }
    }
}
