// SPDX-License-Identifier: MIT

internal import Vanilla

/// Which statements are prepared on one connection, by the number of the statement, and which names
/// the server has to deallocate.
///
/// What is prepared lies behind a pointer, because a collection in a property of a class would be
/// guarded against overlapping accesses by calls at run time. Only on the worker's thread.
@safe
final class StatementCache {
    private let schema: SchemaVersion
    private var places: UnsafeMutablePointer<KnownStatement?>
    private var count = 8
    /// The names begin with what no other connection has drawn: a pooler may send what is asked
    /// here to a server on which another client has prepared its statements.
    private let prefix = "vanilla_" + String(UInt64.random(in: 0 ... .max), radix: 36) + "_"
    private var nextName: UInt64 = 1
    /// Names whose DEALLOCATE is under way, in their order, and those that an error before it made
    /// the server skip.
    private let deallocating = Queue<String>(capacity: 4)
    private var skipped: [String] = []

    init(_ schema: SchemaVersion) {
        self.schema = schema
        unsafe places = .allocate(capacity: count)
        unsafe places.initialize(repeating: nil, count: count)
    }

    deinit {
        unsafe places.deinitialize(count: count)
        unsafe places.deallocate()
    }

    private subscript(number: Int) -> KnownStatement? {
        get { number < count ? unsafe places[number] : nil }
        set {
            if number >= count { grow(to: max(number + 1, 2 * count)) }
            unsafe places[number] = newValue
        }
    }

    private func grow(to larger: Int) {
        let more = UnsafeMutablePointer<KnownStatement?>.allocate(capacity: larger)
        unsafe more.moveInitialize(from: places, count: count)
        unsafe (more + count).initialize(repeating: nil, count: larger - count)
        unsafe places.deallocate()
        unsafe places = unsafe more
        count = larger
    }
}

// MARK: - Preparing

extension StatementCache {
    /// As what a statement is prepared, if it is for these types of parameters.
    func find(_ statement: Statement, _ signature: UInt64) -> KnownStatement? {
        guard let found = self[statement.number], found.serial == statement.serial,
            found.signature == signature, found.schema == schema.number, !found.isStale
        else { return nil }
        return found
    }

    /// A name for a statement that is about to be prepared.
    func make(_ statement: Statement, _ signature: UInt64) -> KnownStatement {
        let made = KnownStatement(
            "\(prefix)\(nextName)", serial: statement.serial, signature: signature,
            schema: schema.number)
        nextName += 1
        return made
    }

    func remember(_ made: KnownStatement, _ statement: Statement) {
        self[statement.number] = made
    }

    /// The statement is not, or no longer, prepared as it was sent.
    ///
    /// - Parameter isThere: Whether the server knows the name.
    func forget(_ sent: KnownStatement, _ statement: Statement, isThere: Bool) {
        guard self[statement.number] === sent else { return }
        if isThere { sent.isStale = true } else { self[statement.number] = nil }
    }

    /// What was sent failed because of a change of the schema. Where that was not known yet,
    /// everything is prepared again from now on.
    func planWasStale(_ sent: KnownStatement?) {
        if sent?.schema == schema.number { schema.change() }
    }
}

extension StatementCache {
    /// The server has forgotten all names. None is used again.
    func removeAll() {
        for number in 0..<count { self[number] = nil }
        skipped = []
    }
}

// MARK: - Deallocating

extension StatementCache {
    /// The names to deallocate before a statement is prepared: the one in its place, and those that
    /// the server skipped.
    func takeUseless(before statement: Statement) -> [String] {
        var names = self[statement.number].map { [$0.name] } ?? []
        while let name = skipped.popLast() { names.append(name) }
        return names
    }

    func deallocationWasSent(_ name: String) {
        deallocating.append(name)
    }

    func deallocationEnded() {
        deallocating.removeFirst()
    }

    /// The server skipped it, as something before it failed.
    func deallocationWasSkipped() {
        if let name = deallocating.removeFirst() { skipped.append(name) }
    }
}
