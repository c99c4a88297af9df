// SPDX-License-Identifier: MIT

internal import Vanilla

/// Opens a connection: has the host's addresses looked up, waits for what libpq asks for, step by
/// step and never blocking, and asks for the settings of the session. Its connection bounds the time that it may take. Only on the
/// worker's thread.
final class Connector {
    private let context: Context
    private var channel: Channel?
    private var watch: Worker.DescriptorWatch?
    private var ended: ((Result<Opened, PostgresError>) -> Void)?
    private let mark = SessionSettings.Mark()
    private var settings = SessionSettings.unknown

    typealias Opened = (channel: Channel, settings: SessionSettings)

    /// - Parameter ended: Called once, unless this is closed before.
    init(_ context: Context, ended: @escaping (Result<Opened, PostgresError>) -> Void) {
        self.context = context
        self.ended = ended
    }

    func begin() {
        guard context.resolver.mustAsk else { return connect([]) }

        // The other thread does not use this object, and only passes it on.
        let (resolver, worker, box) = (context.resolver, context.worker, Box(self))
        let begun = HelperThread.run {
            do throws(PostgresError) {
                let words = try resolver.resolve()
                worker.run { box.value.connect(words) }
            } catch {
                worker.run { box.value.end(.failure(error)) }
            }
        }
        if !begun { fail("No thread is available.") }
    }

    private func connect(_ words: [(String, String)]) {
        guard ended != nil, channel == nil else { return }
        guard let channel = Channel(parameters(words)) else {
            return fail("There is no memory for a connection.")
        }
        self.channel = channel
        // libpq says what to wait for first: to write.
        channel.hasFailed ? end(.failure(channel.error)) : wait(.writable) { $0.step() }
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
            return fail("The connection cannot be watched.")
        }
        self.watch = watch
        watch.whenReady(for: events) { [self] _ in then(self) }
    }

    private func step() {
        guard let channel else { return }
        switch channel.connect() {
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
            ? end(.success((channel, settings))) : fail("The connection cannot be used.")
    }

    private func fail(_ message: String) {
        end(.failure(PostgresError(.connection, message)))
    }

    private func end(_ result: Result<Opened, PostgresError>) {
        let ended = ended.take()
        close()
        ended?(result)
    }

    /// Forgets about it.
    func close() {
        ended = nil
        watch?.close()
        watch = nil
        channel = nil
    }
}
