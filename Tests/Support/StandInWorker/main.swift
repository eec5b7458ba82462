// kotib-stand-in-worker: speaks the worker's protocol over real sockets and misbehaves on request, in ways
// that the real worker cannot be made to show. Its first argument says how it starts; `fileExtension` of an
// inspection, `language` of a transcription, or `container` of an encoding says what to do with the request.

import Glibc
import KotibModel
import KotibPOSIX
import KotibWorkerProtocol

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "no-ready": hang()
case "exit-at-start":
    log("cannot open the model")
    exit(3)
case "deaf":
    // The worker reports that it is ready, but nothing can be written to it.
    try reply(.ready(WorkerReady(model: nil, sandbox: [])))
    shutdown(0, Int32(SHUT_RDWR))
    exit(5)
case "rubbish-at-start": try send(Array("hello".utf8))
default: break
}

do {
    try reply(.ready(WorkerReady(model: "stand-in", modelFile: modelFile(), sandbox: ["none"])))
    if arguments.first == "exit-when-ready" { exit(4) }
    while let (request, files) = try nextRequest() {
        let file = files.first
        switch request {
        case .inspect(let inspect):
            try serve(inspect.request, does: inspect.fileExtension, file) { try inspected(inspect, $0) }
        case .transcribe(let transcribe):
            try serve(transcribe.request, does: transcribe.language ?? "", file) {
                try transcribed(transcribe, speech: $0)
            }
        case .encode(let encode):
            try serve(encode.request, does: encode.container, file) { try encoded(encode, files.last, $0) }
        case .cancel: break
        }
    }
} catch {
    log("\(error)")
    exit(1)
}
