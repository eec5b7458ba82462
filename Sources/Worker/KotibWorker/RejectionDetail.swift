import CAV
import KotibModel

/// The sentences about damage.
enum RejectionDetail {
    static let costly = Rejection.damaged(detail: "reading it takes too much processor time")
    static let silent = Rejection.noSound
    static let fragment = Rejection.damaged(
        detail: "only a part of it is here, from which nothing can be played")
    static let undecodable = Rejection.damaged(detail: "what it holds cannot be decoded")

    static func libav(_ code: Int32) -> Rejection {
        var text = [CChar](repeating: 0, count: 128)
        av_strerror(code, &text, text.count)
        let end = text.firstIndex(of: 0) ?? text.endIndex
        return .damaged(detail: String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    static func codec(_ name: String) -> Rejection { .unsupportedCodec(codec: name) }
}
