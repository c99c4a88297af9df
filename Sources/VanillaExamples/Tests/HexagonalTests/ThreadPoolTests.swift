// SPDX-License-Identifier: MIT

import Foundation
import HexagonalApplication
import Synchronization
import Testing
import VanillaTestSupport

@testable import HexagonalExample

@Suite struct ThreadPoolTests {
    @Test func keepsAStateToAThread() async throws {
        let pool = ThreadPool([0], maximumWaiting: 100)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { try await pool.run { count in count += 1 } } }
            try await group.waitForAll()
        }
        #expect(try await pool.run { count in count } == 50)
        pool.close()
    }

    @Test func throwsWhatTheWorkThrows() async throws {
        let pool = ThreadPool([()], maximumWaiting: 1)
        await #expect(throws: MemoryIsFull.self) {
            try await pool.run { _ in throw MemoryIsFull() }
        }
        pool.close()
    }

    /// One job is being done, two wait, and the next is one too many.
    @Test func refusesWhatIsTooMuch() async throws {
        let pool = ThreadPool([()], maximumWaiting: 2)
        let (begun, held) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let results = Recorder<String>()
        async let first: Void = pool.run { _ in
            begun.signal()
            held.wait()
        }
        await reach(begun)
        async let second: Void = pool.run { _ in results.record("second") }
        async let third: Void = pool.run { _ in results.record("third") }
        while pool.waitingCount < 2 { await Task.yield() }
        await #expect(throws: ApplicationError.busy) { try await pool.run { _ in } }
        held.signal()
        _ = try await (first, second, third)
        #expect(results.values.sorted() == ["second", "third"])
        try await pool.run { _ in }
        pool.close()
        await #expect(throws: ApplicationError.busy) { try await pool.run { _ in } }
    }

    @Test func doesNotBeginWhatNobodyWaitsFor() async throws {
        let pool = ThreadPool([()], maximumWaiting: 2)
        let (begun, held) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let first: Void = pool.run { _ in
            begun.signal()
            held.wait()
        }
        await reach(begun)
        let isDone = Recorder<String>()
        let abandoned = Task { try await pool.run { _ in isDone.record("done") } }
        while pool.waitingCount < 1 { await Task.yield() }
        abandoned.cancel()
        held.signal()
        try await first
        await #expect(throws: CancellationError.self) { try await abandoned.value }
        #expect(isDone.values.isEmpty)
        pool.close()
    }

    @Test func doesWhatItTookBeforeItIsClosed() async throws {
        let pool = ThreadPool([()], maximumWaiting: 10)
        let (begun, held) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let first: Void = pool.run { _ in
            begun.signal()
            held.wait()
        }
        await reach(begun)
        async let second = pool.run { _ in 2 }
        while pool.waitingCount < 1 { await Task.yield() }
        held.signal()
        pool.close()
        try await first
        #expect(try await second == 2)
    }

    /// Waits on a thread that may wait.
    private func reach(_ semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                semaphore.wait()
                continuation.resume()
            }
        }
    }
}
