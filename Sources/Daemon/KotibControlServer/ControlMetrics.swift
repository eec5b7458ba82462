import Synchronization

/// Counts requests and their duration for Prometheus. Routes are counted by template, so that no client
/// creates new series.
final class ControlMetrics: Sendable {
    private struct Request: Hashable {
        var route: String
        var method: String
        var status: Int
    }

    private struct State {
        var requests: [Request: Int] = [:]
        /// One count for each bound, and one for what took longer.
        var buckets = [Int](repeating: 0, count: bounds.count + 1)
        var seconds = 0.0
    }

    /// Seconds: what a client library of Prometheus has by default.
    private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let state = Mutex(State())

    /// - Parameters:
    ///   - route: the template, such as `/api/v1/audio/{id}`; one word for all that has no route.
    ///   - method: of the few that the parser knows; one word for what it could not read.
    func record(route: String, method: String, status: Int, seconds: Double) {
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.requests[Request(route: route, method: method, status: status), default: 0] += 1
            state.buckets[bucket] += 1
            state.seconds += seconds
        }
    }

    /// Prometheus' text format 0.0.4.
    func text() -> String {
        let (requests, buckets, seconds) = state.withLock { ($0.requests, $0.buckets, $0.seconds) }
        var page = MetricsPage()
        page.family(
            "kotib_http_requests_total", .counter, "Requests answered.",
            requests.map { request, count in
                let labels = [
                    ("method", request.method), ("route", request.route), ("status", "\(request.status)"),
                ]
                return MetricsPage.Sample(Double(count), labels)
            }.sorted { $0.labels < $1.labels })
        var below = 0
        var samples: [MetricsPage.Sample] = []
        for (bound, count) in zip(Self.bounds.map { MetricsPage.number($0) } + ["+Inf"], buckets) {
            below += count
            samples.append(MetricsPage.Sample(Double(below), [("le", bound)], suffix: "_bucket"))
        }
        samples.append(MetricsPage.Sample(seconds, suffix: "_sum"))
        samples.append(MetricsPage.Sample(Double(below), suffix: "_count"))
        page.family(
            "kotib_http_request_duration_seconds", .histogram, "How long an answer took.", samples)
        return page.text
    }
}

/// Text in Prometheus' exposition format 0.0.4.
struct MetricsPage {
    enum Kind: String { case counter, gauge, histogram }

    struct Sample {
        var value: Double
        /// As they stand between the braces.
        var labels: String
        var suffix: String

        init(_ value: Double, _ labels: [(String, String)] = [], suffix: String = "") {
            self.value = value
            self.labels = labels.map { "\($0)=\"\(MetricsPage.escaped($1))\"" }.joined(separator: ",")
            self.suffix = suffix
        }
    }

    private(set) var text = ""

    mutating func family(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            let labels = sample.labels.isEmpty ? "" : "{\(sample.labels)}"
            text += "\(name)\(sample.suffix)\(labels) \(Self.number(sample.value))\n"
        }
    }

    /// Whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
