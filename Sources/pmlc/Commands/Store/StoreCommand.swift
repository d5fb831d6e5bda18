import ArgumentParser

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "See what the store holds, check it, and free what is not needed.",
    subcommands: [
      ListVersions.self, ShowStatistics.self, VerifyStore.self, CollectGarbage.self, PinVersion.self,
      UnpinVersion.self, CompactStore.self,
    ])
}
