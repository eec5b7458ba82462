import KotibHTTP
import KotibTestSupport

typealias Answer = FaultServer.Answer

func transfers(threadName: String = "kotib-http") throws -> HTTPClient {
    try HTTPClient(.init(userAgent: "kotib/test", threadName: threadName))
}
