// SPDX-License-Identifier: MIT
// What clients fill in. Anything may be missing: saying so is the application's.

/// To register.
public struct RegistrationForm: Sendable {
    public let name: String?
    public let password: String?

    public init(name: String?, password: String?) {
        self.name = name
        self.password = password
    }
}

/// To log in.
public struct LoginForm: Sendable {
    public let name: String?
    public let password: String?

    public init(name: String?, password: String?) {
        self.name = name
        self.password = password
    }
}

/// To add a product.
public struct ProductForm: Sendable {
    public let name: String?
    /// In the smallest unit of the currency.
    public let price: Int64?
    public let currency: String?

    public init(name: String?, price: Int64?, currency: String?) {
        self.name = name
        self.price = price
        self.currency = currency
    }
}
