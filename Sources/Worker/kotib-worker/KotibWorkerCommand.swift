// kotib-worker: the only process that parses untrusted bytes. Started by kotibd.

import ArgumentParser
import KotibModel
import KotibWorker

@main
struct KotibWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kotib-worker",
        abstract: "Inspects and transcribes recordings for kotibd, in a sandbox.",
        discussion: "Started by kotibd, with a socket as standard input; not for manual use.",
        version: Version.text,
        subcommands: [Inspect.self, Transcribe.self])
}

struct MemoryOption: ParsableArguments {
    @Option(
        help:
            "Megabytes of address space (default: the model's size, 1024, and 1024 for each thread; 2048 for inspecting)."
    )
    var memoryLimit: UInt64?

    var bytes: UInt64? { memoryLimit.map { $0 << 20 } }

    func validate() throws {
        if let memoryLimit, !(256...(1 << 24)).contains(memoryLimit) {
            throw ValidationError("--memory-limit is a number of megabytes, at least 256.")
        }
    }
}

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Inspect files.")

    @OptionGroup var memory: MemoryOption

    func run() throws {
        throw ExitCode(Worker.run(nil, memoryLimit: memory.bytes))
    }
}

struct Transcribe: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Transcribe files.")

    @Option(help: "Whisper's model, a ggml file.")
    var model: String

    @Option(help: "The model of the voice activity detection, a ggml file.")
    var vadModel: String

    @Option(help: "Threads to compute with.")
    var threads: Int

    @OptionGroup var memory: MemoryOption

    func validate() throws {
        if !(1...256).contains(threads) { throw ValidationError("--threads is a number from 1 to 256.") }
    }

    func run() throws {
        let models = Worker.Models(speech: model, voice: vadModel, threads: threads)
        throw ExitCode(Worker.run(models, memoryLimit: memory.bytes))
    }
}
