import KotibHTTP
import KotibTestSupport

typealias Answer = FaultServer.Answer

func transfers(threadName: String = "kotib-http") throws -> HTTPTransfers {
    try HTTPTransfers(.init(userAgent: "kotib/test", threadName: threadName))
}
