import ArgumentParser

@main
struct Kotibctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kotibctl")
}
