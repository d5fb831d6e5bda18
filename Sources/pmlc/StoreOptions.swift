import ArgumentParser
import FileSystem
import Foundation
import PromptCache
import Store

/// Which store.
struct StoreFolder: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The store's folder. Without it, $PMLC_STORE, else pmlc in $XDG_CACHE_HOME or ~/.cache.", valueName: "dir"))
  var store: String?

  func path() throws(PromptCacheError) -> String {
    try StoreLocation.folder(option: store, environment: ProcessInfo.processInfo.environment)
  }

  /// What a command does with a store.
  enum Access {
    /// It reads what is there.
    case reading
    /// It changes what is there.
    case changing
    /// It creates the store where there is none.
    case creating
  }

  /// Opens the store.
  func open(
    for access: Access, namespace: String = "default", limit: StoreLimit? = nil
  ) throws(PromptCacheError) -> StateStore {
    let path = try path()
    let isMissing = !StateStore.exists(at: FilePath(path))
    let options = StoreOptions(
      maximumBytes: limit?.maxBytes, maximumNamespaceBytes: limit?.maxNamespaceBytes,
      readOnly: access == .reading || access == .changing && isMissing, namespace: namespace,
      onWait: { Terminal.error.writeLine("pmlc: \($0.message)") })
    return try reportingStoreFailures { () throws(StoreError) in try StateStore(at: FilePath(path), options: options) }
  }
}

/// Which store, and whose part of it.
struct NamespaceInStore: ParsableArguments {
  @OptionGroup var folder: StoreFolder

  @Option(help: ArgumentHelp("Keeps what is stored apart from other names' (one a tenant).", valueName: "name"))
  var namespace: String = "default"

  /// Opens the store.
  func open(for access: StoreFolder.Access, limit: StoreLimit? = nil) throws(PromptCacheError) -> StateStore {
    try folder.open(for: access, namespace: namespace, limit: limit)
  }

  /// Opens the store to read, if there is one.
  func openIfThere() throws(PromptCacheError) -> StateStore? {
    do throws(PromptCacheError) {
      return try open(for: .reading)
    } catch {
      // One whose making was interrupted is none either.
      guard case .store(.noStore) = error else { throw error }
      return nil
    }
  }
}

/// How large a store, and one tenant's part of it, may become.
struct StoreLimit: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Bytes that the store's file may take. The least recently used encodings make room, never those of pinned versions.
      """,
      valueName: "n"))
  var maxBytes: Int?

  @Option(help: ArgumentHelp("The same for the states of this namespace.", valueName: "n"))
  var maxNamespaceBytes: Int?

  func validate() throws {
    if let maxBytes, maxBytes < 1 { throw ValidationError("--max-bytes takes 1 or more") }
    if let maxNamespaceBytes, maxNamespaceBytes < 1 { throw ValidationError("--max-namespace-bytes takes 1 or more") }
  }
}
