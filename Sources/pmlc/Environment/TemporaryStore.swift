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
    removal = Interruption.addCleanup { try? Folder(parent).removeTree(path.lastComponent) }
  }

  /// Removes the store.
  func remove() { Interruption.perform(removal) }
}
