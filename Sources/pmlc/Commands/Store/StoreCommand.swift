import ArgumentParser

struct StoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "See what the store holds, check it, free what is not needed, and move it elsewhere.",
    subcommands: [
      ListVersions.self, ShowStatistics.self, VerifyStore.self, CollectGarbage.self, RemoveVersions.self,
      PinVersion.self, UnpinVersion.self, ExportVersions.self, ImportVersions.self, PushVersions.self,
      PullVersions.self, CompactStore.self,
    ])
}
