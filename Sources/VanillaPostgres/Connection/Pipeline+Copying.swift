// SPDX-License-Identifier: MIT

// A COPY on its way. A pipeline cannot have one, so the connection leaves its pipeline meanwhile,
// and nothing else is under way.

extension Pipeline {
    /// Whether a COPY has the connection, or waits for it here. One that nobody wants any more ends
    /// soon, and what comes after it waits.
    var isCopying: Bool {
        if let copy = running?.copy, !copy.isAbandoned { return true }
        return alone.contains { $0.copy?.isAbandoned == false }
    }

    /// Whether what has come is to be read: not where rows wait here for their task.
    var isReading: Bool {
        guard copying?.passesRows == true, let copy = running?.copy else { return true }
        return copy.command == .fromClient || copy.hasRoom
    }

    /// Its rows are not wanted any more, and end soon.
    func abandonCopy() {
        for operation in alone { operation.copy?.abandon() }
        running?.copy?.abandon()
    }

    /// Sends the BEGIN of the lease's transaction, whose end is waited for.
    func beginTransaction(_ operation: Operation) -> Bool {
        guard let beginning else { return true }
        note(beginning)
        operation.beginning = beginning
        self.beginning = nil
        return sync(nil)
    }

    /// Sends a COPY. False when the connection is lost.
    func begin(_ copy: CopyExchange, _ operation: Operation) -> Bool {
        guard let channel else { return false }
        guard operation.beginning == nil || isInTransaction else {
            inFlight -= 1
            operation.finish(
                PostgresError(.server, "The transaction did not begin.", sqlState: "25P02"))
            return true
        }
        // Where the connection is lost, its end takes the operation back.
        expected.append(Expected(kind: .copy, operation: operation))
        copying = Copying()
        account(for: operation)
        return channel.sendCopy(copy.sql)
    }

    /// Passes rows as far as they are there, and as far as the other side takes them. Returns
    /// whether they have ended, so that a result follows.
    func passRows(_ channel: Channel) throws(PostgresError) -> Bool {
        guard let copy = running?.copy else { return true }
        let hasEnded =
            switch copy.command {
            case .toClient: try takeRows(channel, copy)
            case .fromClient: try sendRows(channel, copy)
            }
        if hasEnded { copying?.passesRows = false }
        return hasEnded && !channel.isBusy
    }

    private func takeRows(
        _ channel: Channel, _ copy: CopyExchange
    ) throws(PostgresError) -> Bool {
        while copy.hasRoom {
            switch channel.copiedRow() {
            case .row(let row):
                if row.count > Self.messageBound { hasGrown = true }
                copy.give(row)
            case .none: return false
            case .end: return true
            case .failed: throw channel.error
            }
        }
        return false
    }

    private func sendRows(
        _ channel: Channel, _ copy: CopyExchange
    ) throws(PostgresError) -> Bool {
        if copy.isAbandoned || copy.isFinished {
            let reason = copy.isAbandoned ? "The rows have ended too early." : nil
            guard channel.endCopy(reason) else { throw channel.error }
            return true
        }
        guard let piece = copy.unsent, copying?.isTaken != true else { return false }
        guard channel.copy(piece) else { throw channel.error }
        copying?.isTaken = true
        return false
    }

    /// libpq has handed the piece that it had taken to the socket: the next one may follow.
    func pieceWasFlushed() {
        guard copying?.isTaken == true else { return }
        copying?.isTaken = false
        running?.copy?.wasSent()
    }

    /// The COPY is over, and the pipeline goes on.
    func endCopy(_ channel: Channel) throws(PostgresError) -> Operation? {
        copying = nil
        guard channel.beginPipeline() else { throw channel.error }
        return over()
    }
}
