// SPDX-License-Identifier: MIT

/// The parameters of one query, as they are sent: bound by the server, never part of the statement.
///
/// For types that are made ``PostgresEncodable``. The memory is used again by later queries.
@safe
public final class PostgresParameters {
    /// The number of parameters, at most ``limit``.
    public var count: Int { used }
    private var used = 0
    /// What the values take, one after the other.
    private(set) var size = 0

    private(set) var bytes: UnsafeMutableRawPointer
    private var room: Int
    /// Per parameter: where its value begins, its size (-1: null), its format, its type.
    private(set) var places: UnsafeMutablePointer<Place>
    private var roomForPlaces: Int

    struct Place {
        var start: Int
        var size: Int32
        var format: Int32
        var type: UInt32
    }

    /// The most parameters that a query may have (the protocol counts them in 16 bits).
    public static let limit = 65535
    /// The most bytes that the parameters of a query may take, or its text: 1 GiB less 1 MiB. The
    /// server ends a connection whose message has a gigabyte; what a message says about its
    /// parameters takes some of it, at most ``limit`` times six bytes.
    public static let sizeLimit = (1 << 30) - (1 << 20)
    /// Memory beyond this is given back after the query.
    private static let keptRoom = 4096

    /// The values that are open, from the outermost: those of which the innermost is a part.
    private var open: [Open] = []
    private var innermost: Open?

    /// A value that was begun and not ended.
    private struct Open {
        /// Where its size stands, of one within another one; -1 for a parameter.
        let size: Int
        /// What its parts are, where that is known.
        let part: PostgresType
    }

    init() {
        room = 256
        unsafe bytes = .allocate(byteCount: room, alignment: 8)
        roomForPlaces = 8
        unsafe places = .allocate(capacity: roomForPlaces)
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe places.deallocate()
    }

    func removeAll() {
        used = 0
        size = 0
        if innermost != nil {
            open.removeAll(keepingCapacity: true)
            innermost = nil
        }
        guard room > Self.keptRoom else { return }
        unsafe bytes.deallocate()
        room = 256
        unsafe bytes = .allocate(byteCount: room, alignment: 8)
    }

    /// Distinguishes what a statement was prepared for: the types, mixed.
    var signature: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in 0..<count {
            // Below the count every place is initialised.
            hash = unsafe (hash ^ UInt64(places[index].type)) &* 0x0000_0100_0000_01b3
        }
        return hash
    }

    /// Whether the server finds a type, where the statement is prepared.
    var leavesTypeOpen: Bool {
        // Below the count every place is initialised.
        (0..<count).contains { unsafe places[$0].type == PostgresType.unspecified.rawValue }
    }

    private func place(_ type: PostgresType, size: Int32, format: Int32) throws(PostgresError) {
        guard count < Self.limit else {
            throw PostgresError(.encoding, "A query has at most \(Self.limit) parameters.")
        }
        if count == roomForPlaces {
            let larger = UnsafeMutablePointer<Place>.allocate(capacity: roomForPlaces * 2)
            unsafe larger.moveInitialize(from: places, count: count)
            unsafe places.deallocate()
            unsafe places = unsafe larger
            roomForPlaces *= 2
        }
        // There is room for one more.
        unsafe (places + count).initialize(
            to: Place(start: self.size, size: size, format: format, type: type.rawValue))
        used += 1
    }

    private func reserve(_ more: Int) throws(PostgresError) {
        guard more <= Self.sizeLimit - size else {
            throw PostgresError(
                .encoding, "The parameters of a query take at most \(Self.sizeLimit) bytes.")
        }
        guard size + more > room else { return }
        var larger = room
        while larger < size + more { larger *= 2 }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
        unsafe memory.copyMemory(from: bytes, byteCount: size)
        unsafe bytes.deallocate()
        unsafe bytes = unsafe memory
        room = larger
    }

    // MARK: - One parameter

    /// Adds NULL.
    public func appendNull(_ type: PostgresType) throws(PostgresError) {
        guard innermost != nil else { return try place(type, size: -1, format: 1) }
        try check(type)
        try write(Int32(-1))
    }

    /// Adds a number in the binary format.
    public func append(_ value: some FixedWidthInteger, type: PostgresType) throws(PostgresError) {
        try begin(type)
        try write(value)
        end()
    }

    /// Adds bytes in the binary format of the type.
    public func append(_ value: Span<UInt8>, type: PostgresType) throws(PostgresError) {
        try begin(type)
        try write(value)
        end()
    }

    /// Adds a text. With the type left open, the server reads it as what stands there: a uuid, a
    /// date, an enumeration, json. Within an array it is a `text`.
    ///
    /// - Throws: ``PostgresError`` for a text with a NUL, which PostgreSQL has not.
    public func append(_ text: String, type: PostgresType = .unspecified) throws(PostgresError) {
        var text = text
        text.makeContiguousUTF8()
        let isPart = innermost != nil
        guard !isPart || type.hasTextAsBinary else {
            throw PostgresError(
                .encoding, "A text within another value is of the type \(type.rawValue).")
        }
        try begin(isPart && type == .unspecified ? .text : type)
        // Made contiguous above, so that the storage is there.
        let isFine = unsafe text.utf8.withContiguousStorageIfAvailable { utf8 in
            unsafe !utf8.contains(0) && writeIfItFits(UnsafeRawBufferPointer(utf8))
        }
        guard isFine == true else {
            throw PostgresError(
                .encoding, "A text with a NUL in it, or one of a gigabyte, cannot be sent.")
        }
        end()
        guard !isPart else { return }
        // libpq finds the end of what is in text format by its NUL.
        unsafe places[count - 1].format = 0
        try write(UInt8(0))
    }

    // MARK: - A parameter in pieces

    /// Begins a value in the binary format, which `write` fills and `end` ends. Within a value that
    /// was begun it begins a part of that, such as an element of an array: with its size before it.
    public func begin(_ type: PostgresType) throws(PostgresError) {
        try begin(type, of: .unspecified)
    }

    /// Begins a value whose parts, where it has any, are of one type.
    func begin(_ type: PostgresType, of part: PostgresType) throws(PostgresError) {
        if let outer = innermost {
            try check(type)
            innermost = Open(size: size, part: part)
            try write(Int32(0))
            open.append(outer)
        } else {
            try place(type, size: 0, format: 1)
            innermost = Open(size: -1, part: part)
        }
    }

    /// - Throws: ``PostgresError`` where the value begun has parts of another type.
    private func check(_ type: PostgresType) throws(PostgresError) {
        guard let part = innermost?.part, part != .unspecified, part != type,
            type != .unspecified
        else { return }
        throw PostgresError(
            .encoding,
            "A part of the type \(type.rawValue) is among those of the type \(part.rawValue).")
    }

    /// Adds a number to the value begun, the highest byte first.
    public func write(_ value: some FixedWidthInteger) throws(PostgresError) {
        let count = value.bitWidth / 8
        try reserve(count)
        // Reserved above.
        for index in 0..<count {
            let byte = UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - index)))
            unsafe bytes.storeBytes(of: byte, toByteOffset: size + index, as: UInt8.self)
        }
        size += count
    }

    /// Adds bytes to the value begun.
    public func write(_ value: Span<UInt8>) throws(PostgresError) {
        // Copied while the span lives.
        try unsafe value.withUnsafeBytes { buffer throws(PostgresError) in
            try unsafe write(buffer)
        }
    }

    private func writeIfItFits(_ buffer: UnsafeRawBufferPointer) -> Bool {
        do throws(PostgresError) {
            unsafe try write(buffer)
            return true
        } catch {
            return false
        }
    }

    private func write(_ buffer: UnsafeRawBufferPointer) throws(PostgresError) {
        try reserve(buffer.count)
        guard let start = buffer.baseAddress else { return }
        // Reserved above.
        unsafe (bytes + size).copyMemory(from: start, byteCount: buffer.count)
        size += buffer.count
    }

    /// Ends the value begun last. Where none is begun, it does nothing.
    public func end() {
        guard let value = innermost else { return }
        innermost = open.popLast()
        // The limit keeps the sizes within 31 bits.
        if value.size < 0 {
            unsafe places[count - 1].size = unsafe Int32(size - places[count - 1].start)
        } else {
            let size = Int32(size - value.size - 4).bigEndian
            // Reserved when the value was begun.
            unsafe bytes.storeBytes(of: size, toByteOffset: value.size, as: Int32.self)
        }
    }
}

extension PostgresType {
    /// Whether its binary format is the text itself.
    fileprivate var hasTextAsBinary: Bool {
        [.unspecified, .text, .varchar, .bpchar, .name, .json, .xml].contains(self)
    }
}
