// SPDX-License-Identifier: MIT

/// What `/json/{count}` lists: fifty items, the same in every run.
struct Item: Sendable {
    let id: Int
    /// The beginning of the item as JSON, up to where its total stands.
    let text: [UInt8]
    let price: Int
    let quantity: Int

    static let all: [Item] = {
        var generator = ItemGenerator()
        return (1...50).map { Item(id: $0, &generator) }
    }()

    private init(id: Int, _ generator: inout ItemGenerator) {
        let categories = ["tools", "books", "garden", "music", "games"]
        self.id = id
        price = generator.next(below: 500) + 1
        quantity = generator.next(below: 20) + 1
        let category = categories[generator.next(below: categories.count)]
        let isActive = generator.next(below: 4) > 0
        let score = generator.next(below: 50)
        text = Array(
            """
            {"id":\(id),"name":"Item \(id)","category":"\(category)","price":\(price),\
            "quantity":\(quantity),"active":\(isActive),"tags":["t\(score % 7)","t\(score % 11)"],\
            "rating":{"score":\(score),"count":\(score * 3)},"total":
            """.utf8)
    }
}

/// Numbers that are the same in every run: an xorshift of 64 bits.
private struct ItemGenerator {
    private var state: UInt64 = 0x5EED_0F_17E5

    mutating func next(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}

/// Writes JSON into memory that it keeps: nothing is allocated once it was used.
final class ItemsWriter {
    private var bytes: [UInt8] = []

    /// The first `count` items, each with its price times its quantity times `factor`.
    func write(_ count: Int, factor: Int) -> [UInt8] {
        bytes.removeAll(keepingCapacity: true)
        append("{\"items\":[")
        for index in 0..<count {
            if index > 0 { append(",") }
            let item = Item.all[index]
            bytes.append(contentsOf: item.text)
            append(item.price &* item.quantity &* factor)
            append("}")
        }
        append("],\"count\":")
        append(count)
        append("}")
        return bytes
    }

    private func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private func append(_ number: Int) {
        if number < 0 { append("-") }
        let start = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
