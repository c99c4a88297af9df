// SPDX-License-Identifier: MIT

public import HexagonalDomain

/// A port: where products are kept.
public protocol ProductStore: Sendable {
    /// Keeps a new product. Several may have the same name.
    ///
    /// - Throws: ``ApplicationError/busy``, or an error of the store.
    func addProduct(named name: ProductName, price: Price) async throws -> Product

    /// The products of a page, by their numbers.
    ///
    /// - Throws: ``ApplicationError/busy``, or an error of the store.
    func listProducts(_ page: Page) async throws -> [Product]
}
