// SPDX-License-Identifier: MIT

public import HexagonalDomain

/// What the program is for, whatever it is reached by and wherever things are kept.
public struct Application: Sendable {
    private let users: any UserStore
    private let products: any ProductStore
    private let passwords: any PasswordHasher

    public init(
        users: any UserStore, products: any ProductStore, passwords: any PasswordHasher
    ) {
        self.users = users
        self.products = products
        self.passwords = passwords
    }
}

extension Application {
    /// Registers a user.
    ///
    /// - Throws: ``ApplicationError``, or an error of the store.
    public func register(_ form: RegistrationForm) async throws -> User {
        var reader = FormReader()
        let name = reader.read("name", form.name, UserName.init)
        let password = reader.read("password", form.password, Password.init)
        guard let name, let password else { throw reader.error }
        let hash = try await passwords.hash(password)
        return try await users.addUser(named: name, passwordHash: hash)
    }

    /// The user that somebody says to be, and proves by the password.
    ///
    /// It takes as long whether there is such a user or not.
    ///
    /// - Throws: ``ApplicationError/wrongCredentials`` in either case; others as ``register(_:)``.
    public func logIn(_ form: LoginForm) async throws -> User {
        var reader = FormReader()
        // Rules of names and passwords are for registering: here a value is right or wrong.
        let name = reader.read("name", form.name) { name in name }
        let attempt = reader.read("password", form.password) { password in password }
        guard let name, let attempt else { throw reader.error }
        let found = try await findUser(named: name)
        let isRight = try await passwords.isPassword(attempt, of: found?.passwordHash)
        guard let found, isRight else { throw ApplicationError.wrongCredentials }
        return found.user
    }

    private func findUser(
        named text: String
    ) async throws -> (user: User, passwordHash: PasswordHash)? {
        guard let name = try? UserName(text) else { return nil }
        return try await users.findUser(named: name)
    }

    /// The users of a page, by their numbers.
    public func listUsers(_ page: Page) async throws -> [User] {
        try await users.listUsers(page)
    }
}

extension Application {
    /// Adds a product.
    ///
    /// - Throws: ``ApplicationError``, or an error of the store.
    public func addProduct(_ form: ProductForm) async throws -> Product {
        var reader = FormReader()
        let name = reader.read("name", form.name, ProductName.init)
        let currency = reader.read("currency", form.currency, Currency.init)
        let price = reader.read("price", form.price, as: "a whole number", Amount.init)
        guard let name, let price, let currency else { throw reader.error }
        return try await products.addProduct(
            named: name, price: Price(amount: price, currency: currency))
    }

    /// The products of a page, by their numbers.
    public func listProducts(_ page: Page) async throws -> [Product] {
        try await products.listProducts(page)
    }
}
