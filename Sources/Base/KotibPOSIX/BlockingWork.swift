import Dispatch

/// Runs blocking work on threads of its own, so that Swift's few cooperative threads never wait for a disk.
public enum BlockingWork {
    private static let queue = DispatchQueue(label: "kotib.blocking", attributes: .concurrent)

    /// Callers must bound the number of simultaneous calls; each takes a thread while it blocks.
    public static func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { caller in
            queue.async {
                do throws(Failure) {
                    caller.resume(returning: .success(try body()))
                } catch {
                    caller.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
