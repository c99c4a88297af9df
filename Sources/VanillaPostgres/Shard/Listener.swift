// SPDX-License-Identifier: MIT

internal import Vanilla

/// The connection of a worker that listens, for all of its tasks: opened for the first one, and
/// again where it is lost. It has a query under way now and then: the changes of what is listened
/// to, or a question whether it is still there. Only on the worker's thread.
final class Listener {
    private let context: Context
    private let backoff: Backoff
    private var connector: Connector?
    private var channel: Channel?
    private var watch: Worker.DescriptorWatch?
    private var timer: Worker.Timer?
    /// A query has succeeded on this connection.
    private var isProven = false
    private var isEnded = false

    /// Who listens, by channel.
    private var wanted: [String: [ObjectIdentifier: Subscription]] = [:]
    /// Who waits for the server to tell of all its channels.
    private var unconfirmed: [ObjectIdentifier: Subscription] = [:]
    /// What the server tells of.
    private var actual: Set<String> = []
    /// Where both may differ.
    private var changed: Set<String> = []
    /// What is asked for now, nothing but an answer where it is empty, and since when.
    private var underWay: [String]?
    private var asked: Int64 = 0
    /// That was refused, and the end of the answer has not come.
    private var failure: PostgresError?
    /// Since when nobody listens.
    private var idleSince: Int64 = 0
    /// How many channels are asked for at a time: one where a name among several was refused.
    private var most = maximumAtOnce

    private static let maximumAtOnce = 64

    init(_ context: Context) {
        self.context = context
        backoff = Backoff(context.configuration)
        backoff.open(on: context.worker) { [self] in open() }
    }

    /// What to add to the error of who waited in vain.
    var lastWords: String { backoff.lastWords }

    /// How many channels are listened to.
    var count: Int { wanted.count }

    /// The worker stops, or the pool is gone.
    func end() {
        isEnded = true
        backoff.close()
        close()
        let all = wanted.values.flatMap(\.values)
        wanted = [:]
        unconfirmed = [:]
        for subscription in all { subscription.finish() }
    }
}

// MARK: - Who listens

extension Listener {
    func add(_ subscription: Subscription) {
        let key = ObjectIdentifier(subscription)
        for name in subscription.channels {
            wanted[name, default: [:]][key] = subscription
            if !actual.contains(name) { changed.insert(name) }
        }
        unconfirmed[key] = subscription
        confirm()
        if channel == nil { open() } else { ask() }
    }

    func remove(_ subscription: Subscription) {
        let key = ObjectIdentifier(subscription)
        unconfirmed[key] = nil
        for name in subscription.channels {
            wanted[name]?[key] = nil
            guard wanted[name]?.isEmpty == true else { continue }
            wanted[name] = nil
            changed.insert(name)
        }
        if wanted.isEmpty { idleSince = Clock.now }
        ask()
    }

    private func confirm() {
        for (key, subscription) in unconfirmed where subscription.channels.isSubset(of: actual) {
            unconfirmed[key] = nil
            subscription.confirm()
        }
    }

    private func give(_ notification: PostgresNotification) {
        guard let subscriptions = wanted[notification.channel] else { return }
        for subscription in subscriptions.values { subscription.give(.notification(notification)) }
    }
}

// MARK: - The connection

extension Listener {
    private func open() {
        guard !isEnded, !wanted.isEmpty, connector == nil, channel == nil, !backoff.isPausing
        else { return }
        let connector = Connector(context) { [self] result in
            self.connector = nil
            switch result {
            case .success(let opened): self.opened(opened.channel, opened.settings)
            case .failure(let error): lose(error)
            }
        }
        self.connector = connector
        connector.begin()
    }

    private func opened(_ channel: Channel, _ settings: SessionSettings) {
        guard channel.endPipeline(), let watch = try? context.worker.watch(channel.descriptor)
        else {
            return lose(PostgresError(.connection, "The connection cannot be watched."))
        }
        if context.configuration.preparesStatements && !settings.areTaken {
            context.reportOnce(
                .warning,
                "A pooler is between here and the database: notifications may not come. Set listenConnection."
            )
        }
        self.channel = channel
        self.watch = watch
        channel.notified = { [unowned self] in give($0) }
        changed = Set(wanted.keys)
        idleSince = Clock.now
        timer = Worker.Timer(on: context.worker) { [self] in look() }
        setTimer()
        // Its answer shows that the connection is good for something.
        ask()
        wait()
    }

    /// The connection is of no use. Those that listen are told once another one is.
    private func lose(_ error: PostgresError) {
        let wasProven = isProven
        close()
        for subscription in wanted.values.flatMap(\.values) {
            subscription.interrupt()
            unconfirmed[ObjectIdentifier(subscription)] = subscription
        }
        if wasProven {
            context.report(.warning, "The connection that listens was lost: \(error)")
        } else if !backoff.hasFailed {
            context.report(.warning, "The database cannot be listened to: \(error)")
        }
        backoff.lastError = error
        // The first attempt after a loss is made at once.
        if !wasProven { backoff.failed() }
        open()
    }

    private func close() {
        connector?.close()
        connector = nil
        timer?.cancel()
        timer = nil
        watch?.close()
        watch = nil
        channel?.notified = nil
        channel = nil
        isProven = false
        underWay = nil
        failure = nil
        actual = []
        changed = []
        most = Self.maximumAtOnce
    }

    private func setTimer() {
        timer?.set(after: context.configuration.listenHeartbeat)
    }

    /// Looks from time to time whether the connection is there, and wanted.
    private func look() {
        let (now, configuration) = (Clock.now, context.configuration)
        // What a worker that was busy has not read yet is an answer, too.
        if underWay != nil { receive() }
        guard channel != nil else { return }
        if underWay != nil {
            if now - asked >= configuration.listenHeartbeat.boundedNanoseconds {
                return lose(PostgresError(.timeout, "The database did not answer in time."))
            }
        } else if wanted.isEmpty && now - idleSince >= configuration.idleTimeout.boundedNanoseconds
        {
            return close()
        } else {
            send("select 1", [])
        }
        setTimer()
    }
}

// MARK: - Asking and hearing

extension Listener {
    /// Tells the server what has changed of what is listened to.
    private func ask() {
        guard channel != nil, underWay == nil else { return }
        var names: [String] = []
        var statements: [String] = []
        while statements.count < most, let name = changed.popFirst() {
            let isWanted = wanted[name] != nil
            guard isWanted != actual.contains(name) else { continue }
            statements.append("\(isWanted ? "listen" : "unlisten") \(ChannelName.quoted(name))")
            if isWanted { names.append(name) } else { actual.remove(name) }
        }
        guard !statements.isEmpty else {
            most = Self.maximumAtOnce
            return
        }
        send(statements.joined(separator: "; "), names)
    }

    private func send(_ sql: String, _ names: [String]) {
        guard let channel else { return }
        underWay = names
        asked = Clock.now
        guard channel.sendAll(sql) else { return lose(channel.error) }
        let left = channel.flush()
        // Where it failed, the server has often said why, which is read.
        if left > 0 { wait(writing: true) }
    }

    private func wait(writing: Bool = false) {
        watch?.whenReady(for: writing ? [.readable, .writable] : .readable) { [self] _ in
            receive()
        }
    }

    private func receive() {
        guard let channel else { return }
        let left = channel.flush()
        guard channel.receive() && left >= 0 else { return lose(channel.error) }
        readResults(channel)
        // Another one may be there instead, or none.
        guard self.channel === channel else { return }
        channel.takeNotifications()
        ask()
        guard self.channel === channel else { return }
        wait(writing: channel.flush() > 0)
    }

    private func readResults(_ channel: Channel) {
        while let names = underWay, !channel.isBusy {
            guard let result = channel.next() else {
                underWay = nil
                if let error = failure.take() { refused(names, error) } else { succeeded(names) }
                return
            }
            if result.status == .failed { failure = result.error }
            result.clear()
        }
    }

    private func succeeded(_ names: [String]) {
        if backoff.hasFailed { context.report(.info, "The database can be listened to again.") }
        backoff.succeeded()
        isProven = true
        actual.formUnion(names)
        // Those that were given up meanwhile.
        changed.formUnion(names.lazy.filter { self.wanted[$0] == nil })
        confirm()
    }

    /// The server has refused all of what was asked for together.
    private func refused(_ names: [String], _ error: PostgresError) {
        let isAboutNames = error.kind == .server && !error.endsConnection && !error.refusesWrites
        guard isAboutNames && !error.isCancelled else { return lose(error) }
        if most == 1, let name = names.first {
            // This name alone, such as one that the database's encoding does not have.
            for subscription in wanted[name]?.values.map({ $0 }) ?? [] {
                remove(subscription)
                subscription.finish(error)
            }
        } else {
            most = 1
            // What was given up together with them is still told of.
            actual = []
            changed = Set(wanted.keys)
        }
    }
}
