// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain
import Testing

@testable import HexagonalExample

/// Without a database, a hash that costs anything, or a server.
@Suite struct ApplicationTests {
    private let hasher = PlainHasher()
    private let application: Application

    init() {
        let store = MemoryStore()
        application = Application(users: store, products: store, passwords: hasher)
    }

    @Test func registersAndLogsIn() async throws {
        let ada = try await application.register(
            RegistrationForm(name: "ada", password: "correct horse"))
        #expect(try ada == User(id: 1, name: UserName("ada")))
        let again = try await application.logIn(LoginForm(name: "ada", password: "correct horse"))
        #expect(again == ada)
        #expect(try await application.listUsers(#require(Page())) == [ada])
    }

    @Test func registersANameOnce() async throws {
        let form = RegistrationForm(name: "ada", password: "correct horse")
        _ = try await application.register(form)
        await #expect(throws: ApplicationError.nameTaken) { try await application.register(form) }
    }

    @Test(
        arguments: [
            (nil, nil, ["name must be a string", "password must be a string"]),
            (
                "a", "b",
                ["name must have 3 to 32 characters", "password must have 8 to 128 characters"]
            ),
            ("ada", "short", ["password must have 8 to 128 characters"]),
            ("a", "correct horse", ["name must have 3 to 32 characters"]),
        ] as [(String?, String?, [String])])
    func saysAllThatIsWrong(name: String?, password: String?, problems: [String]) async throws {
        let found = try await self.problems {
            _ = try await application.register(RegistrationForm(name: name, password: password))
        }
        #expect(found == problems)
    }

    @Test(
        arguments: [
            (
                nil, nil, nil,
                [
                    "name must be a string", "currency must be a string",
                    "price must be a whole number",
                ]
            ),
            (
                "", -1, "eur",
                [
                    "name must have 1 to 100 characters",
                    "currency must be a code of three capital letters, as EUR",
                    "price must be 0 to 1000000000000, in the smallest unit of the currency",
                ]
            ),
        ] as [(String?, Int64?, String?, [String])])
    func saysAllThatIsWrongWithAProduct(
        name: String?, price: Int64?, currency: String?, problems: [String]
    ) async throws {
        let form = ProductForm(name: name, price: price, currency: currency)
        #expect(try await self.problems { _ = try await application.addProduct(form) } == problems)
    }

    /// Whatever is wrong, one check of a password is made, and the answer is the same.
    @Test(arguments: [
        ("ada", "wrong horse"), ("eve", "correct horse"), ("", ""), ("NO NAME", "correct horse"),
        ("ada", ""), ("ada", String(repeating: "x", count: 5000)),
    ])
    func saysNotWhatIsWrongWithALogin(name: String, password: String) async throws {
        _ = try await application.register(
            RegistrationForm(name: "ada", password: "correct horse"))
        await #expect(throws: ApplicationError.wrongCredentials) {
            try await application.logIn(LoginForm(name: name, password: password))
        }
        #expect(
            hasher.checked.values == [name == "ada" ? PasswordHash("plain:correct horse") : nil])
    }

    @Test func asksForNameAndPasswordAtLogin() async throws {
        let found = try await problems {
            _ = try await application.logIn(LoginForm(name: nil, password: nil))
        }
        #expect(found == ["name must be a string", "password must be a string"])
        #expect(hasher.checked.values.isEmpty)
    }

    @Test func addsProducts() async throws {
        let form = ProductForm(name: "Tea", price: 450, currency: "EUR")
        let first = try await application.addProduct(form)
        let second = try await application.addProduct(form)
        #expect(first.id == 1 && second.id == 2)
        #expect(try await application.listProducts(#require(Page())) == [first, second])
    }

    @Test func keepsPagesShort() {
        #expect(Page(limit: 0) == nil && Page(limit: -1) == nil)
        #expect(Page(limit: Page.maximumLimit) != nil && Page(limit: Page.maximumLimit + 1) == nil)
    }

    private func problems(_ body: () async throws -> Void) async throws -> [String] {
        do {
            try await body()
            return []
        } catch ApplicationError.invalid(let problems) {
            return problems.map { problem in "\(problem.field) \(problem.reason)" }
        }
    }
}
