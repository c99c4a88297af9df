// SPDX-License-Identifier: MIT

internal import CPostgres

/// A connection of libpq, used so that nothing blocks. This is the only file that sends. On one
/// thread at a time.
@safe
final class Channel {
    private let connection: OpaquePointer
    private var pointers: UnsafeMutablePointer<UnsafePointer<CChar>?>
    private var numbers: UnsafeMutablePointer<Int32>
    private var room = 8
    /// Written by libpq when it reads.
    private let lastWords: UnsafeMutablePointer<cpostgres_last_words>
    /// Who hears of notifications.
    var notified: ((PostgresNotification) -> Void)?

    enum Progress {
        case reading
        case writing
        case connected
        case failed
    }

    /// Begins to connect; nil when there is no memory. The words are keywords of libpq and their
    /// values, of which a later one counts; `dbname` may be a whole connection string.
    init?(_ words: [(String, String)]) {
        let keywords = unsafe words.map { unsafe CText.copy($0.0) }
        let values = unsafe words.map { unsafe CText.copy($0.1) }
        defer {
            // Copied by libpq.
            for index in words.indices {
                unsafe CText.deallocate(keywords[index])
                unsafe CText.deallocate(values[index])
            }
        }
        let names = unsafe keywords.map { unsafe UnsafePointer($0) } + [nil]
        let texts = unsafe values.map { unsafe UnsafePointer($0) } + [nil]
        guard let connection = unsafe PQconnectStartParams(names, texts, 1) else { return nil }
        unsafe self.connection = unsafe connection
        unsafe lastWords = .allocate(capacity: 1)
        unsafe cpostgres_hear_notices(connection, lastWords)
        unsafe pointers = .allocate(capacity: room)
        unsafe numbers = .allocate(capacity: 2 * room)
    }

    deinit {
        unsafe PQfinish(connection)
        unsafe lastWords.deallocate()
        unsafe pointers.deallocate()
        unsafe numbers.deallocate()
    }

    // MARK: - Connecting

    var hasFailed: Bool { unsafe PQstatus(connection) == CONNECTION_BAD }

    func connect() -> Progress {
        switch unsafe PQconnectPoll(connection) {
        case PGRES_POLLING_READING: .reading
        case PGRES_POLLING_WRITING: .writing
        case PGRES_POLLING_OK: .connected
        default: .failed
        }
    }

    /// Once connected: from now on nothing blocks.
    func stopBlocking() -> Bool {
        unsafe PQsetnonblocking(connection, 1) == 0
    }

    /// From now on queries are sent before answers have come.
    func beginPipeline() -> Bool {
        canceller = findCanceller()
        return unsafe PQenterPipelineMode(connection) == 1
    }

    /// From now on one text of statements is sent at a time: nothing is under way.
    func endPipeline() -> Bool {
        unsafe PQexitPipelineMode(connection) == 1
    }

    /// Which of the places libpq tries, or is connected to.
    var place: Place {
        unsafe Place(
            host: Self.text(PQhost(connection)), address: Self.text(PQhostaddr(connection)),
            port: Self.text(PQport(connection)))
    }

    @unsafe
    private static func text(_ text: UnsafePointer<CChar>?) -> String {
        // Memory of the connection, with a NUL at its end.
        unsafe text.map { unsafe String(cString: $0) } ?? ""
    }

    /// Which may be another one after each step of connecting; -1 when there is none.
    var descriptor: Int32 { unsafe PQsocket(connection) }

    /// Why the connection was lost: what the server said before, or what libpq says.
    var error: PostgresError {
        let state = unsafe Self.text(cpostgres_state(lastWords))
        if !state.isEmpty {
            let words = unsafe Self.text(cpostgres_message(lastWords))
            return PostgresError(.connection, words, sqlState: state)
        }
        let message = unsafe trimmed(unsafe PQerrorMessage(connection))
        return PostgresError(.connection, message.isEmpty ? "The connection was lost." : message)
    }

    /// The server's process, by which tests find it.
    var process: Int32 { unsafe PQbackendPID(connection) }

    /// Neither in a transaction nor in an unknown state, as far as answers have come.
    var isIdle: Bool { unsafe PQtransactionStatus(connection) == PQTRANS_IDLE }

    /// In a transaction, which may have failed, and all answers have come.
    var isInTransaction: Bool {
        let status = unsafe PQtransactionStatus(connection)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Whether no session of the server can write, as it is a standby, or is told that transactions
    /// only read unless they say otherwise; nil where it does not say so (before version 14).
    var refusesWrites: Bool? {
        let isStandby = parameter("in_hot_standby")
        let onlyReads = parameter("default_transaction_read_only")
        guard let isStandby, let onlyReads else { return nil }
        return isStandby == "on" || onlyReads == "on"
    }

    /// A setting that the server tells unasked, and again when it changes.
    private func parameter(_ name: String) -> String? {
        // libpq's own memory, with a NUL at its end.
        unsafe PQparameterStatus(connection, name).map { unsafe String(cString: $0) }
    }

    /// What is needed to cancel what the server does for it, even when it is lost; nil where the
    /// server named no key, or libpq keeps it in a way that is not known here.
    private(set) var canceller: Canceller?

    private func findCanceller() -> Canceller? {
        var target = cpostgres_cancel()
        guard unsafe cpostgres_cancel_find(connection, &target) else { return nil }
        return Canceller(target)
    }

    // MARK: - Sending

    func prepare(_ known: KnownStatement, _ sql: String, _ parameters: PostgresParameters) -> Bool {
        let count = parameters.count
        reserve(count)
        // Room for as many types; a type is as wide as a format.
        let types = unsafe UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: UInt32.self)
        for index in 0..<count { unsafe types[index] = unsafe parameters.places[index].type }
        return unsafe PQsendPrepare(connection, known.pointer, sql, Int32(count), types) == 1
    }

    func sendPrepared(
        _ known: KnownStatement, _ parameters: PostgresParameters, _ results: Statement.Results
    ) -> Bool {
        lay(parameters)
        return unsafe PQsendQueryPrepared(
            connection, known.pointer, Int32(parameters.count), pointers, numbers, numbers + room,
            Self.format(results)) == 1
    }

    func send(
        _ sql: String, _ parameters: PostgresParameters, _ results: Statement.Results
    ) -> Bool {
        lay(parameters)
        // Unnamed statements are rare, so that the types may have an array of their own.
        let types = (0..<parameters.count).map { unsafe parameters.places[$0].type }
        return unsafe PQsendQueryParams(
            connection, sql, Int32(parameters.count), types, pointers, numbers, numbers + room,
            Self.format(results)) == 1
    }

    /// As the protocol numbers the formats.
    private static func format(_ results: Statement.Results) -> Int32 {
        switch results {
        case .texts: 0
        case .binary: 1
        }
    }

    func send(_ sql: StaticString) -> Bool {
        // A static string ends with a NUL.
        sql.withUTF8Buffer { unsafe sendText($0.baseAddress) }
    }

    func send(_ sql: String) -> Bool {
        unsafe PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 1) == 1
    }

    private func sendText(_ sql: UnsafePointer<UInt8>?) -> Bool {
        let text = unsafe UnsafeRawPointer(sql)?.assumingMemoryBound(to: CChar.self)
        return unsafe PQsendQueryParams(connection, text, 0, nil, nil, nil, nil, 1) == 1
    }

    /// Sends several statements, which are one transaction. Not in a pipeline.
    func sendAll(_ sql: String) -> Bool {
        unsafe PQsendQuery(connection, sql) == 1
    }

    /// Ends what was sent so far; libpq before 17 sends it at once.
    func sync() -> Bool {
        unsafe cpostgres_sync(connection) == 1
    }

    /// Hands what is to be sent to the socket: 0 when it took everything, 1 when it did not, -1
    /// when it failed.
    func flush() -> Int32 {
        unsafe PQflush(connection)
    }

    /// The arrays that libpq wants, of what lies in the parameters.
    private func lay(_ parameters: PostgresParameters) {
        let count = parameters.count
        reserve(count)
        for index in 0..<count {
            let place = unsafe parameters.places[index]
            let start = unsafe UnsafeRawPointer(parameters.bytes) + place.start
            // There is room for as many of each, and libpq copies before it returns.
            unsafe pointers[index] =
                place.size < 0 ? nil : unsafe start.assumingMemoryBound(to: CChar.self)
            unsafe numbers[index] = place.size
            unsafe numbers[room + index] = place.format
        }
    }

    private func reserve(_ count: Int) {
        guard count > room else { return }
        unsafe pointers.deallocate()
        unsafe numbers.deallocate()
        room = count
        unsafe pointers = .allocate(capacity: room)
        unsafe numbers = .allocate(capacity: 2 * room)
    }

    // MARK: - Receiving

    /// Reads what the socket has. False when the connection is lost, or the server has said that it
    /// ends it.
    func receive() -> Bool {
        let isThere = unsafe PQconsumeInput(connection) == 1
        takeNotifications()
        // Words of which the first is zero are empty.
        return unsafe isThere && lastWords.pointee.state.0 == 0
    }

    /// Hands out the notifications that have come. Where nobody listens they are dropped: libpq
    /// would keep them as long as the connection lives.
    func takeNotifications() {
        while let notification = unsafe PQnotifies(connection) {
            if let notified {
                // libpq's memory, with a NUL at the end of each text.
                unsafe notified(
                    PostgresNotification(
                        channel: Self.text(notification.pointee.relname),
                        payload: Self.text(notification.pointee.extra),
                        process: notification.pointee.be_pid))
            }
            unsafe PQfreemem(notification)
        }
    }

    /// Whether the next result has not come yet.
    var isBusy: Bool { unsafe PQisBusy(connection) == 1 }

    /// The next result, or nil for the end of one query's results. Not while busy.
    func next() -> PostgresResult? {
        unsafe PQgetResult(connection).map { unsafe PostgresResult(pointer: $0) }
    }
}

// MARK: - Copying rows

extension Channel {
    enum CopiedRow {
        case row([UInt8])
        /// The next one has not come yet.
        case none
        /// There are no more: a result follows.
        case end
        case failed
    }

    /// Ends the pipeline, in which nothing is under way, and sends a COPY: none can be in one.
    ///
    /// It goes as a simple query, which has no Sync. A statement of the extended protocol has one,
    /// and its rows another one at their end, both of which the server answers where it fails
    /// before it reads rows: the next query would have an answer too many.
    func sendCopy(_ sql: String) -> Bool {
        unsafe PQexitPipelineMode(connection) == 1 && PQsendQuery(connection, sql) == 1
    }

    /// The next row that has come.
    func copiedRow() -> CopiedRow {
        var memory: UnsafeMutablePointer<CChar>?
        let size = unsafe PQgetCopyData(connection, &memory, 1)
        switch size {
        case 0: return .none
        case -1: return .end
        case 1...:
            guard let start = unsafe memory else { return .failed }
            // As many bytes as it says, which are libpq's until they are freed here.
            let bytes = unsafe Array(
                UnsafeRawBufferPointer(start: start, count: Int(size)))
            unsafe PQfreemem(memory)
            return .row(bytes)
        default: return .failed
        }
    }

    /// Takes bytes to send: all of them, or false.
    func copy(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe PQputCopyData(
                connection, buffer.baseAddress?.assumingMemoryBound(to: CChar.self),
                Int32(buffer.count)) == 1
        }
    }

    /// Ends what is sent: as complete, or, where there is a reason, as nothing that counts.
    func endCopy(_ reason: String?) -> Bool {
        guard let reason else { return unsafe PQputCopyEnd(connection, nil) == 1 }
        return unsafe PQputCopyEnd(connection, reason) == 1
    }
}
