import KotibEngines
import Testing

struct LocalWorkerLayoutTests {
    @Test(
        arguments: [
            (1, nil, nil, 1, 1), (2, nil, nil, 1, 2), (4, nil, nil, 1, 4), (8, nil, nil, 2, 4),
            (6, nil, nil, 1, 4),
            (2, 2, nil, 2, 1), (8, nil, 2, 4, 2), (4, 4, 4, 4, 1), (4, 1, 16, 1, 4), (4, 9, nil, 4, 1),
            (4, 0, 0, 1, 1), (0, nil, nil, 1, 1), (16, 3, nil, 3, 4),
        ] as [(Int, Int?, Int?, Int, Int)])
    func fitsTheMachine(cores: Int, workers: Int?, threads: Int?, expectedWorkers: Int, expectedThreads: Int)
    {
        let layout = WorkerLayout(cores: cores, workers: workers, threads: threads)
        #expect(layout.workers == expectedWorkers)
        #expect(layout.threads == expectedThreads)
    }

    @Test func neverMoreThreadsThanCores() {
        for cores in 1...17 {
            for workers in [nil] + (0...20).map(Optional.some) {
                for threads in [nil] + (0...20).map(Optional.some) {
                    let layout = WorkerLayout(cores: cores, workers: workers, threads: threads)
                    #expect(layout.workers >= 1 && layout.threads >= 1)
                    #expect(layout.workers * layout.threads <= cores)
                }
            }
        }
    }
}
