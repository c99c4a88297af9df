// SPDX-License-Identifier: MIT

import HexagonalApplication

// Of an object any field may be missing or of another type: the application says so of all at once.

private enum FormKey: String, CodingKey {
    case name
    case password
    case price
    case currency
}

extension KeyedDecodingContainer<FormKey> {
    fileprivate subscript<Value: Decodable>(_ key: FormKey) -> Value? {
        try? decode(Value.self, forKey: key)
    }
}

extension RegistrationForm: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FormKey.self)
        self.init(name: fields[.name], password: fields[.password])
    }
}

extension LoginForm: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FormKey.self)
        self.init(name: fields[.name], password: fields[.password])
    }
}

extension ProductForm: Decodable {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: FormKey.self)
        self.init(name: fields[.name], price: fields[.price], currency: fields[.currency])
    }
}
