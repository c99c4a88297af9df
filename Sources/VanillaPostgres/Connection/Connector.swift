// SPDX-License-Identifier: MIT

internal import Vanilla

/// Opens a connection: has the addresses of hosts looked up, waits for what libpq asks for, step by
/// step and never blocking, and asks for the settings of the session. libpq waits for each place
/// without end where it does not block, so the time of each is kept here. Only on the worker's
/// thread.
final class Connector {
    private let context: Context
    private var channel: Channel?
    private var watch: Worker.DescriptorWatch?
    private var ended: ((Result<Opened, PostgresError>) -> Void)?
    private let mark = SessionSettings.Mark()
    private var settings = SessionSettings.unknown

    private let search = HostSearch()
    /// It is not waited for hosts any more that are still to be found.
    private var isImpatient = false
    /// Where the server may be, as far as that was not tried in vain, and where libpq is.
    private var places: [Place] = []
    private var place: Place?
    private let began = Clock.now
    /// When all of the time is over.
    private var limit: Int64 = 0
    private var timer: Worker.Timer?

    typealias Opened = (channel: Channel, settings: SessionSettings)

    /// - Parameter ended: Called once, unless this is closed before.
    init(_ context: Context, ended: @escaping (Result<Opened, PostgresError>) -> Void) {
        self.context = context
        self.ended = ended
    }

    func begin() {
        timer = Worker.Timer(on: context.worker) { [self] in rang() }
        let (names, time) = (context.resolver.names, context.connectTime)
        limit = began + time.whole(context.resolver.count)
        guard !names.isEmpty else { return connect(context.resolver.places([:])) }
        search.begin(names, on: context.worker) { [self] in found() }
        // Where there are several, the other half is for those that were found.
        let left = limit - began
        set(context.resolver.count > 1 ? left / 2 : left)
    }

    private func set(_ time: Int64) {
        timer?.set(after: .nanoseconds(max(0, time)))
    }

    private func rang() {
        guard channel == nil else { return leavePlace() }
        guard Clock.now < limit else {
            return fail(.timeout, "No address of a host was found in time. \(search.failure)")
        }
        isImpatient = true
        set(limit - Clock.now)
        found()
    }

    /// Connects to the hosts that were found, once that are all, or the time for it is over.
    private func found() {
        guard search.isOver || isImpatient else { return }
        let places = context.resolver.places(search.found)
        if places.isEmpty {
            if search.isOver { fail(.connection, search.failure) }
            return
        }
        search.close()
        connect(places)
    }

    private func connect(_ places: [Place]) {
        guard ended != nil else { return }
        self.places = places
        limit = max(limit, began + context.connectTime.whole(places.count))
        start()
    }

    /// Has libpq try the places that are left.
    private func start() {
        watch?.close()
        watch = nil
        guard let channel = Channel(parameters(Place.words(places))) else {
            return fail(.connection, "There is no memory for a connection.")
        }
        self.channel = channel
        if channel.hasFailed { return end(.failure(channel.error)) }
        place = nil
        share()
        // libpq says what to wait for first: to write.
        wait(.writable) { $0.step() }
    }

    // MARK: - Places

    /// Gives the place that libpq is at its share of the time, if it has come to another one.
    private func share() {
        guard let channel else { return }
        let current = channel.place
        guard current != place else { return }
        place = current
        let left = max(0, limit - Clock.now)
        set(context.connectTime.share(of: left, among: places.count - index(of: current)))
    }

    private func index(of place: Place) -> Int {
        places.firstIndex { $0.isMeant(by: place) } ?? 0
    }

    /// The place has had its time: libpq, which would wait for it, tries those after it.
    private func leavePlace() {
        guard let place else { return }
        let index = index(of: place)
        var left = Array(places.dropFirst(index + 1))
        // Where it is not the first one that counts, those before it were found wanting.
        if context.resolver.prefersStandby { left += places.prefix(index) }
        guard !left.isEmpty, Clock.now < limit else {
            let name = place.address.isEmpty ? place.host : place.address
            return fail(
                .timeout, "The database did not answer in time, at last at \(name):\(place.port).")
        }
        places = left
        start()
    }

    /// What libpq is told: keywords and values, of which a later one counts.
    private func parameters(_ words: [(String, String)]) -> [(String, String)] {
        let configuration = context.configuration
        var all = [("dbname", configuration.connection), ("client_encoding", "UTF8")]
        all += words
        all.append(("fallback_application_name", "vanilla"))
        guard configuration.preparesStatements else { return all }
        var options = "\(context.resolver.options) -c TimeZone=UTC \(mark.option)"
        if configuration.statementTimeout != nil {
            options += " -c statement_timeout=\(configuration.statementMilliseconds)"
        }
        all.append(("options", options))
        return all
    }

    /// The descriptor may be another one after each step, so that it is watched anew.
    private func wait(
        _ events: Worker.DescriptorWatch.Events, _ then: @escaping (Connector) -> Void
    ) {
        watch?.close()
        watch = nil
        guard let channel, let watch = try? context.worker.watch(channel.descriptor) else {
            return fail(.connection, "The connection cannot be watched.")
        }
        self.watch = watch
        watch.whenReady(for: events) { [self] _ in then(self) }
    }

    private func step() {
        guard let channel else { return }
        let progress = channel.connect()
        share()
        switch progress {
        case .reading: wait(.readable) { $0.step() }
        case .writing: wait(.writable) { $0.step() }
        case .failed: end(.failure(channel.error))
        case .connected: ask(channel)
        }
    }

    private func ask(_ channel: Channel) {
        let configuration = context.configuration
        let isSet = configuration.statementTimeout != nil
        let question = SessionSettings.question(
            mark, timeout: isSet ? nil : configuration.statementMilliseconds)
        guard channel.stopBlocking(), channel.send(question) else {
            return end(.failure(channel.error))
        }
        hear(channel)
    }

    /// Sends what is left of the question, and takes the answer once it is there.
    private func hear(_ channel: Channel) {
        let left = channel.flush()
        guard channel.receive() && left >= 0 else { return end(.failure(channel.error)) }
        while !channel.isBusy {
            guard let result = channel.next() else { return begin(channel) }
            guard take(result) else { return }
        }
        wait(left > 0 ? [.readable, .writable] : .readable) { [self] _ in hear(channel) }
    }

    /// False where it ends the connection.
    private func take(_ result: PostgresResult) -> Bool {
        guard result.status != .failed else {
            let error = result.error
            result.clear()
            // Anything else says that it does not know the question.
            guard error.kind == .connection || error.endsConnection else { return true }
            end(.failure(error))
            return false
        }
        if let settings = try? SessionSettings(PostgresRows(result)) { self.settings = settings }
        return true
    }

    private func begin(_ channel: Channel) {
        channel.beginPipeline()
            ? end(.success((channel, settings)))
            : fail(.connection, "The connection cannot be used.")
    }

    private func fail(_ kind: PostgresError.Kind, _ message: String) {
        end(.failure(PostgresError(kind, message)))
    }

    private func end(_ result: Result<Opened, PostgresError>) {
        let ended = ended.take()
        close()
        ended?(result)
    }

    /// Forgets about it.
    func close() {
        ended = nil
        search.close()
        timer?.cancel()
        timer = nil
        watch?.close()
        watch = nil
        channel = nil
    }
}
