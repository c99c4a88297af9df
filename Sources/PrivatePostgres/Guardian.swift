// SPDX-License-Identifier: MIT

internal import CLibrary

/// The process that makes, starts and stops the server, and removes it when nobody holds the other
/// end of its socket any longer: the system closes that however this program ends.
struct Guardian: Sendable {
    /// What it can be told to do.
    enum Command: String {
        /// Makes a cluster.
        case make
        /// Starts the server, and waits until it accepts connections.
        case start
        /// Stops the server, and waits for it.
        case halt
        /// Makes an empty database, whose name comes with it.
        case database
    }

    private let directory: String
    /// A stream socket, by which it is told and answers, a line each.
    private let socket: Int32
    private let process: pid_t

    /// Starts it.
    init(
        of directory: String, programs: PostgresPrograms, account: Account?, settings: [String]
    ) throws(PrivatePostgresError) {
        let command = ["sh", "-c", script, "sh", directory, programs.directory] + settings
        self.directory = directory
        (process, socket) = try spawn(account?.command(command) ?? command)
    }

    /// Has it do something, and waits until that is done.
    ///
    /// - Throws: What PostgreSQL said where it failed.
    func perform(
        _ command: Command, _ argument: String = ""
    ) throws(PrivatePostgresError) {
        guard tell("\(command.rawValue) \(argument)") else {
            throw PrivatePostgresError("PostgreSQL cannot \(command): it was stopped for good.")
        }
        guard let answer = receiveLine(within: .seconds(150)) else {
            throw PrivatePostgresError("PostgreSQL cannot \(command): \(saidLast)")
        }
        if answer != "0" {
            throw PrivatePostgresError("PostgreSQL cannot \(command) (\(answer)): \(saidLast)")
        }
    }

    /// Has it stop the server and remove the directory, and waits until that is done. To be called
    /// once.
    func end() {
        // What is read from here on is the end. The descriptor is closed only then: until that it
        // is nobody else's.
        shutdown(socket, Int32(SHUT_WR))
        while receiveLine(within: .seconds(150)) != nil {}
        close(socket)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// The end of the log.
    private var saidLast: String {
        let log = readFile(directory + "/log") ?? ""
        return log.isEmpty ? "its log is empty." : "\n" + log.suffix(2000)
    }
}

/// Run by any POSIX shell. Arguments: the directory, the one of the programs, lines of settings.
/// Standard input is the socket.
private let script = """
    directory=$1
    programs=$2
    shift 2
    cd "$directory" || exit 1
    umask 077
    exec >>log 2>&1

    make() {
        echo \(Login.password) >password &&
            "$programs/initdb" --pgdata=data --username=\(Login.user) --pwfile=password \\
                --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync </dev/null &&
            printf '%s\\n' "$@" >>data/postgresql.conf &&
            echo 'CREATE DATABASE \(Login.database)' |
            "$programs/postgres" --single -D data -c exit_on_error=true postgres
    }

    # A server that stands still continues first. One that is left over would end by itself: it looks
    # for its files now and then. So the number in one of them, which may be another's by now, is
    # never killed.
    finish() {
        trap '' HUP INT TERM
        if [ -e data/postmaster.pid ]; then
            read -r server <data/postmaster.pid
            kill -CONT "$server"
            "$programs/pg_ctl" stop -D data -m immediate -w -t 30 </dev/null
        fi
        cd /
        rm -rf "$directory"
    }

    # An answer may come too late for the program that asked.
    trap '' PIPE
    trap finish EXIT
    trap 'exit 1' HUP INT TERM
    while read -r command argument; do
        case "$command" in
        make) make "$@" ;;
        start) "$programs/pg_ctl" start -D data -l log -w -t 60 </dev/null ;;
        halt) "$programs/pg_ctl" stop -D data -m fast -w -t 60 </dev/null ;;
        database) PGPASSWORD=\(Login.password) "$programs/createdb" --host="$directory" \\
            --port=\(port) --username=\(Login.user) "$argument" </dev/null ;;
        esac
        echo "$?" >&0
    done
    """

// MARK: - Lines

extension Guardian {
    private func tell(_ line: String) -> Bool {
        let bytes = Array((line + "\n").utf8)
        // A line is shorter than what a socket holds, so it is sent whole or not at all.
        return unsafe send(socket, bytes, bytes.count, noSignal) == bytes.count
    }

    /// The next line; `nil` at the end, or where none came in time.
    private func receiveLine(within duration: Duration) -> String? {
        let deadline = ContinuousClock.now + duration
        var line: [UInt8] = []
        while let byte = receiveByte(until: deadline) {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    private func receiveByte(until deadline: ContinuousClock.Instant) -> UInt8? {
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else { return nil }
            var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, Int32(left.rounded(.up))) > 0 else { continue }
            var byte: UInt8 = 0
            let count = unsafe read(socket, &byte, 1)
            if count == 1 { return byte }
            if count == 0 || errno != EINTR { return nil }
        }
    }
}
