import CommandSupport
import PromptCache

/// A place for a store that goes with its user, even if a signal ends the process.
struct TemporaryStore {
  /// Where the store is to be: nothing is there yet.
  let path: FilePath
  private let removal: Int

  init() {
    let parent = environmentVariable("TMPDIR").flatMap { $0.isAbsolute ? $0 : nil } ?? "/tmp"
    let number = UInt64.random(in: .min ... .max)
    let path = parent.appending(FilePath("pmlc-bench-" + String(number, radix: 36)))
    self.path = path
    removal = Interruption.addCleanup { try? Self.remove(path.lastComponent, from: Folder(parent)) }
  }

  /// Removes the store.
  func remove() { Interruption.perform(removal) }

  private static func remove(_ name: FilePath, from parent: borrowing Folder) throws {
    guard try parent.status(of: name)?.kind == .folder else { return try parent.remove(name) }
    let folder = try parent.folder(name)
    for name in try folder.names() { try remove(name, from: folder) }
    try parent.removeFolder(name)
  }
}
