// SPDX-License-Identifier: MIT

internal import CVanillaIO
internal import Synchronization

/// Runs the jobs of tasks on a worker's thread, in turns with its connections.
///
/// Jobs that its own thread enqueues go into an array of that thread's; what other threads enqueue
/// goes through a lock, and wakes the worker once. Once the worker has ended, jobs run on Swift's
/// own threads, so that no task hangs.
@safe
final class WorkerExecutor: TaskExecutor, @unchecked Sendable {
    /// The worker in C: used on its own thread, and by others while `arrivals` is locked and open.
    let pointer: OpaquePointer
    /// Jobs of other threads; `nil` once the worker has ended.
    private let arrivals: Lock<[UnownedJob]?>
    private let isClosed = Atomic(false)
    /// For work that blocks, of all workers of the server.
    let offload: OffloadPool

    // The worker's thread's own from here on.
    private let jobs = Queue<UnownedJob>()
    private var isScheduled = false
    /// Whether code of a task runs on this thread, rather than what the loop calls.
    private(set) var isRunningJob = false
    /// Whether the next job is to run here and now, and the job.
    private var isStarting = false
    private var started: UnownedJob?
    /// Requests of this turn that wait for their asynchronous handlers.
    private let calls = Queue<AsyncCall>()
    /// Whether everything else of this turn had its chance before them.
    private var callsAreDue = false
    /// Whose handler began last, in the job that runs.
    private var begun: AsyncRunner?
    /// A list.
    private var idleRunner: AsyncRunner?
    private var idleRunnerCount = 0
    private var states: [(owner: ObjectIdentifier, state: AnyObject)] = []
    private var stoppers: [() -> Void] = []
    /// C's names for what it is to call, for as long as this object lives.
    private let working: UnsafeMutablePointer<vn_task>
    private let arriving: UnsafeMutablePointer<vn_task>
    private let stopHook: UnsafeMutablePointer<vn_stop_hook>

    /// Tasks that wait for a handler to run.
    private static let maximumIdleRunnerCount = 256

    /// Jobs in one turn of the worker's loop; more wait for the next one.
    private static let maximumJobCount = 4096

    /// For the worker whose thread this is.
    init?(offload: OffloadPool) {
        guard let pointer = unsafe vn_worker_current() else { return nil }
        self.offload = offload
        unsafe self.pointer = pointer
        arrivals = Lock([])
        unsafe working = .allocate(capacity: 1)
        unsafe arriving = .allocate(capacity: 1)
        unsafe stopHook = .allocate(capacity: 1)
        // The context is this object, which ends only after the worker did: `close`.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe working.initialize(
            to: vn_task(next: nil, is_queued: false, run: Self.work, context: context))
        unsafe arriving.initialize(
            to: vn_task(next: nil, is_queued: false, run: Self.arrive, context: context))
        unsafe stopHook.initialize(
            to: vn_stop_hook(private: (nil, nil), run: Self.stop, context: context))
    }

    deinit {
        unsafe working.deallocate()
        unsafe arriving.deallocate()
        unsafe stopHook.deallocate()
    }

    /// Whether this is the worker's own thread.
    var isCurrent: Bool {
        unsafe vn_worker_current() == pointer && !isClosed.load(ordering: .acquiring)
    }
}

// MARK: - Jobs

extension WorkerExecutor {
    /// Whether the worker's loop runs, or is about to. On any thread, while the worker has not
    /// ended.
    var takesTasks: Bool { unsafe vn_worker_takes_tasks(pointer) }
}

extension WorkerExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard isCurrent else { return arrive(job) }
        if isStarting {
            isStarting = false
            started = job
        } else {
            jobs.append(job)
            schedule()
        }
    }

    private func schedule() {
        if isScheduled { return }
        isScheduled = true
        unsafe vn_worker_soon(pointer, working)
    }

    /// As if it came from another thread. Where the worker is about to end, `close` sees to the
    /// jobs, or what is scheduled next.
    private func runInNextTurn() {
        isScheduled = unsafe vn_worker_post(pointer, working) == 0
    }

    /// From another thread. Where the worker takes nothing any more, Swift's threads do.
    private func arrive(_ job: UnownedJob) {
        let isTaken = arrivals.withLock { jobs in
            guard var waiting = jobs.take() else { return false }
            waiting.append(job)
            // The lock is held: the worker ends only after this.
            let isFirst = waiting.count == 1
            let isTaken = unsafe !isFirst || vn_worker_post(pointer, arriving) == 0
            if !isTaken { waiting.removeLast() }
            jobs = waiting
            return isTaken
        }
        if !isTaken { handOver(job) }
    }

    private func handOver(_ job: UnownedJob) {
        globalConcurrentExecutor.enqueue(ExecutorJob(job))
    }

    private static let arrive: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<WorkerExecutor>.fromOpaque(context!)._withUnsafeGuaranteedRef { executor in
            let arrived = executor.arrivals.withLock { jobs in
                defer { if jobs != nil { jobs = [] } }
                return jobs ?? []
            }
            for job in arrived { executor.jobs.append(job) }
            executor.schedule()
        }
    }

    private static let work: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        unsafe Unmanaged<WorkerExecutor>.fromOpaque(context!)._withUnsafeGuaranteedRef { executor in
            executor.work()
        }
    }

    /// Jobs, and at last the handlers of requests. A handler begins after all else that the events
    /// of the turn led to: most jobs go on with a handler, and when that has ended its task takes
    /// the next one for less than waiting costs it.
    private func work() {
        let hadJobs = !jobs.isEmpty
        runJobs()
        if calls.isEmpty { return }
        if !jobs.isEmpty || (callsAreDue && !hadJobs) {
            // Also where there are jobs without end.
            runCalls()
        } else {
            // Behind what is there to be done already, which may lead to jobs.
            callsAreDue = true
            schedule()
        }
    }

    /// Those that wait, and those that they lead to. As many as one turn takes; with more it is
    /// scheduled already when this returns.
    private func runJobs() {
        // What they enqueue comes after them.
        isScheduled = true
        var count = 0
        while count < Self.maximumJobCount, let job = jobs.removeFirst() {
            run(job)
            count += 1
        }
        if jobs.isEmpty { isScheduled = false } else { runInNextTurn() }
    }

    private func run(_ job: UnownedJob) {
        isRunningJob = true
        unsafe vn_worker_hold(pointer)
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        isRunningJob = false
        if let runner = begun {
            begun = nil
            runner.keepCall()
        }
        // What was not said of a handler.
        unsafe vn_worker_note_held(pointer)
    }
}

// MARK: - Asynchronous handlers

extension WorkerExecutor: AsyncRunnerOwner {
    /// Runs a handler in this turn, after its events.
    func add(_ call: consuming AsyncCall) {
        calls.append(call)
        callsAreDue = false
        schedule()
    }

    /// The next one for a runner whose handler has ended: a task takes one after the other, since
    /// waiting costs it more than a request does otherwise. `nil` also on another thread than the
    /// worker's, where one goes on after its end.
    func takeCall(for runner: AsyncRunner) -> AsyncCall? {
        guard isCurrent, let call = calls.removeFirst() else { return nil }
        begun = runner
        return call
    }

    /// All that wait, each until it first waits or to its end.
    private func runCalls() {
        callsAreDue = false
        while let call = calls.removeFirst() {
            let runner = takeIdleRunner() ?? AsyncRunner(of: self)
            begun = runner
            isStarting = true
            runner.begin(call)
            isStarting = false
            if let job = started.take() { run(job) }
        }
    }

    private func takeIdleRunner() -> AsyncRunner? {
        guard let runner = idleRunner else { return nil }
        idleRunner = runner.nextIdle.take()
        idleRunnerCount -= 1
        return runner
    }

    /// Also false on another thread than the worker's, where one goes on after its end.
    var canTakeIdleRunner: Bool { isCurrent && idleRunnerCount < Self.maximumIdleRunnerCount }

    func putIdleRunner(_ runner: AsyncRunner) {
        runner.nextIdle = idleRunner
        idleRunner = runner
        idleRunnerCount += 1
    }
}

// MARK: - What lives on the worker

extension WorkerExecutor {
    /// What `owner` keeps on this worker: made here when it is first asked for, and forgotten when
    /// the worker stops. On the worker's thread.
    func state<State: AnyObject>(of owner: AnyObject, make: () -> State) -> State {
        let identifier = ObjectIdentifier(owner)
        for entry in states where entry.owner == identifier {
            // Only this function adds entries; an owner has one kind of state.
            return unsafe unsafeDowncast(entry.state, to: State.self)
        }
        let state = make()
        whenStopping {}
        states.append((identifier, state))
        return state
    }

    /// Has `body` called when the worker has no connection left. On the worker's thread.
    func whenStopping(_ body: @escaping () -> Void) {
        stoppers.append(body)
        // Which has it called at once where the worker has stopped.
        if stoppers.count == 1 { unsafe vn_worker_on_stop(pointer, stopHook) }
    }

    private static let stop: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        // C always passes it.
        let executor = unsafe Unmanaged<WorkerExecutor>.fromOpaque(context!).takeUnretainedValue()
        let stoppers = executor.stoppers
        executor.stoppers = []
        for stop in stoppers { stop() }
        executor.states = []
    }

    /// The worker has ended. On its thread.
    func close() {
        let arrived = arrivals.withLock { jobs in jobs.take() ?? [] }
        isClosed.store(true, ordering: .releasing)
        // They end on Swift's threads: nothing is scheduled here any more.
        while let runner = takeIdleRunner() { runner.end() }
        while let job = jobs.removeFirst() { handOver(job) }
        for job in arrived { handOver(job) }
    }
}
