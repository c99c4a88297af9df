// SPDX-License-Identifier: MIT

import HexagonalApplication
import HexagonalDomain

/// Keeps everything as long as the program runs.
actor MemoryStore {
    /// The users at most, and the products: memory ends somewhere, and clients add to it.
    static let capacity = 100_000

    /// By number, which is one more than the index.
    private var users: [(user: User, passwordHash: PasswordHash)] = []
    private var indexes: [UserName: Int] = [:]
    private var products: [Product] = []
    private let capacity: Int

    init(capacity: Int = MemoryStore.capacity) {
        self.capacity = capacity
    }

    /// What is on a page of items whose numbers count from 1.
    private func items<Item>(of items: [Item], on page: Page) -> ArraySlice<Item> {
        items.dropFirst(Int(clamping: max(0, page.after))).prefix(page.limit)
    }
}

extension MemoryStore: UserStore {
    func addUser(named name: UserName, passwordHash: PasswordHash) throws -> User {
        guard indexes[name] == nil else { throw ApplicationError.nameTaken }
        guard users.count < capacity else { throw MemoryIsFull() }
        let user = User(id: Int64(users.count + 1), name: name)
        indexes[name] = users.count
        users.append((user, passwordHash))
        return user
    }

    func findUser(named name: UserName) -> (user: User, passwordHash: PasswordHash)? {
        indexes[name].map { index in users[index] }
    }

    func listUsers(_ page: Page) -> [User] {
        items(of: users, on: page).map(\.user)
    }
}

extension MemoryStore: ProductStore {
    func addProduct(named name: ProductName, price: Price) throws -> Product {
        guard products.count < capacity else { throw MemoryIsFull() }
        let product = Product(id: Int64(products.count + 1), name: name, price: price)
        products.append(product)
        return product
    }

    func listProducts(_ page: Page) -> [Product] {
        Array(items(of: products, on: page))
    }
}

/// The store in memory has no room left.
struct MemoryIsFull: Error {}
