import Dispatch

/// Runs what may block on a disk on threads of its own, so that Swift's few cooperative threads never wait.
public enum BlockingWork {
    private static let queue = DispatchQueue(label: "kotib.blocking", attributes: .concurrent)

    /// Callers bound how many run at once; each takes a thread for as long as it blocks.
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
