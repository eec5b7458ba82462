import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibTranscription
import KotibWatch
import Logging
import ServiceLifecycle

/// Reports to systemd (sd_notify(3)): ready once the inbox is watched, a status line when it changes, the
/// watchdog as long as the catalog, the queue and the watcher respond, and the stop.
struct StatusReporter: Service {
    let services: ServiceManager
    let catalog: Catalog
    let queue: TranscriptionQueue
    let watcher: InboxWatcher
    let health: HealthSources
    let logger: Logger

    /// The interval of checks, unless the watchdog needs a shorter one.
    private static let interval = Duration.seconds(10)

    /// The interval of checks: at least two in the time that the watchdog allows (sd_watchdog_enabled(3)).
    static func interval(under watchdog: Duration?) -> Duration {
        watchdog.map { min($0 / 2, interval) } ?? interval
    }

    func run() async throws {
        await watcher.ready()
        notify("READY=1")
        logger.notice("ready", metadata: ["version": "\(Version.text)"])
        await cancelWhenGracefulShutdown { await report() }
        notify("STOPPING=1\nSTATUS=Stopping")
    }

    private func report() async {
        let interval = Self.interval(under: services.watchdog)
        var last = ""
        while !Task.isCancelled {
            do throws(CatalogError) {
                let line = try await statusLine()
                // Said only by a loop that has just heard from all three.
                let alive = services.watchdog == nil ? [] : ["WATCHDOG=1"]
                let news = line == last ? [] : ["STATUS=\(line)"]
                if !(alive + news).isEmpty { notify((alive + news).joined(separator: "\n")) }
                last = line
            } catch  where error.code == .corrupt {
                // Whoever killed the daemon for that would leave nobody to say so.
                notify("WATCHDOG=1\nSTATUS=\(HealthIssue.catalogDamaged)")
                last = ""
            } catch {
                logger.error("cannot read the catalog", metadata: ["cause": "\(error)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: interval)
        }
    }

    private func statusLine() async throws(CatalogError) -> String {
        let counts = try await catalog.recordings.counts()
        let running = await queue.running().count
        let report = await health.report()
        var line = "\(running) being transcribed, \(counts[.pending, default: 0]) waiting, "
        line += "\(counts[.completed, default: 0]) done, \(counts[.failed, default: 0]) failed"
        return line + report.statusLine
    }

    private func notify(_ state: String) {
        do {
            try services.notify(state)
        } catch {
            logger.warning("cannot notify systemd", metadata: ["cause": "\(error)"])
        }
    }
}
