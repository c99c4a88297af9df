// SPDX-License-Identifier: MIT

internal import Vanilla

/// Opens a connection: has the host's addresses looked up, then waits for what libpq asks for, step
/// by step and never blocking. Its connection bounds the time that it may take. Only on the
/// worker's thread.
final class Connector {
    private let context: Context
    private var channel: Channel?
    private var watch: Worker.DescriptorWatch?
    private var ended: ((Result<Channel, PostgresError>) -> Void)?

    /// - Parameter ended: Called once, unless this is closed before.
    init(_ context: Context, ended: @escaping (Result<Channel, PostgresError>) -> Void) {
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
        channel.hasFailed ? end(.failure(channel.error)) : wait(.writable)
    }

    /// What libpq is told: keywords and values, of which a later one counts.
    private func parameters(_ words: [(String, String)]) -> [(String, String)] {
        let configuration = context.configuration
        var all = [("dbname", configuration.connection), ("client_encoding", "UTF8")]
        all += words
        all.append(("fallback_application_name", "vanilla"))
        guard configuration.preparesStatements else { return all }
        let time = configuration.statementTimeout.boundedNanoseconds / 1_000_000
        // In milliseconds, as many as the server takes at most.
        let timeout = min(max(1, time), Int64(Int32.max))
        let settings = "-c TimeZone=UTC -c statement_timeout=\(timeout)"
        all.append(("options", "\(context.resolver.options) \(settings)"))
        return all
    }

    /// The descriptor may be another one after each step, so that it is watched anew.
    private func wait(_ events: Worker.DescriptorWatch.Events) {
        watch?.close()
        watch = nil
        guard let channel, let watch = try? context.worker.watch(channel.descriptor) else {
            return fail("The connection cannot be watched.")
        }
        self.watch = watch
        watch.whenReady(for: events) { [self] _ in step() }
    }

    private func step() {
        guard let channel else { return }
        switch channel.connect() {
        case .reading: wait(.readable)
        case .writing: wait(.writable)
        case .failed: end(.failure(channel.error))
        case .connected:
            channel.beginPipeline()
                ? end(.success(channel)) : fail("The connection cannot be used.")
        }
    }

    private func fail(_ message: String) {
        end(.failure(PostgresError(.connection, message)))
    }

    private func end(_ result: Result<Channel, PostgresError>) {
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
