// SPDX-License-Identifier: MIT

/// Something that is for sale.
public struct Product: Equatable, Sendable {
    /// A number from 1 on, which says nothing but what came first.
    public let id: Int64
    public let name: ProductName
    public let price: Price

    public init(id: Int64, name: ProductName, price: Price) {
        self.id = id
        self.name = name
        self.price = price
    }
}
