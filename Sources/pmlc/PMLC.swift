import ArgumentParser

@main
struct PMLC: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pmlc")
}
