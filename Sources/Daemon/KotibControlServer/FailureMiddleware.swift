import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibText
import Logging
import NIOCore
import NIOHTTP1

/// The outermost middleware: determines the language and the peer's name, turns every error into a response,
/// and logs the request.
struct FailureMiddleware: Sendable {
    let logger: Logger
    let metrics: ControlMetrics
    let proxies: TrustedProxies

    func handle(
        _ request: Request, context: ControlContext, next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.peerName = proxies.name(of: request, from: context.peer)
        context.language = RequestLanguage.best(of: request.headers[.acceptLanguage])
        let start = ContinuousClock.now
        let response: Response
        do {
            response = try await next(request, context)
        } catch {
            let failure = failure(error, request)
            response = try ControlJSON.response(
                failure.body(in: context.language), status: failure.status, headers: failure.headers,
                keeping: failure.share)
        }
        let elapsed = start.duration(to: .now) / .seconds(1)
        let method = context.isHead ? .head : request.method
        metrics.record(
            route: context.route, method: method.rawValue, status: Int(response.status.code), seconds: elapsed
        )
        logger.log(
            level: response.status.code == 429 ? .notice : .debug, "request",
            metadata: [
                "method": "\(method)", "route": "\(context.route)", "status": "\(response.status.code)",
                "ms": "\(Int(elapsed * 1000))", "peer": "\(context.peerName)",
            ])
        return response
    }

    private func failure(_ error: any Error, _ request: Request) -> ControlFailure {
        switch error {
        case let failure as ControlFailure: return failure
        // The client sent rubbish, or went away in the middle: nothing that an administrator must know.
        case is HTTPParserError, is CancellationError, ChannelError.inputClosed, is IOError:
            logger.debug(
                "request aborted by client", metadata: ["path": "\(request.uri.path)", "cause": "\(error)"])
            return ControlFailure(
                .badRequest, .invalid, .broken, headers: [.connection: "close"])
        case is NIOTooManyBytesError: return ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
        default: return internalError(error, request)
        }
    }

    private func internalError(_ error: any Error, _ request: Request) -> ControlFailure {
        let number = String(UInt32.random(in: .min ... .max), radix: 16)
        logger.error(
            "request failed",
            metadata: [
                "number": "\(number)", "method": "\(request.method)", "path": "\(request.uri.path)",
                "cause": "\(error)",
            ])
        switch error {
        case let catalog as CatalogError where catalog.code == .full:
            return ControlFailure(UploadFailure.insufficientStorage, .noSpace, .internalError(number))
        case let catalog as CatalogError where catalog.isRetryable:
            return .later(.serviceUnavailable, .unavailable, .catalogUnavailable(number), seconds: 60)
        default: break
        }
        return ControlFailure(.internalServerError, .internal, .internalError(number))
    }
}
