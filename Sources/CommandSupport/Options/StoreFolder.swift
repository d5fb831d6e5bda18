package import ArgumentParser
package import PromptCache

/// Which store.
package struct StoreFolder: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The store's folder. Without it, $PMLC_STORE, else pmlc in $XDG_CACHE_HOME or ~/.cache.", valueName: "dir"),
    completion: .directory)
  package var store: FilePath?

  package init() {}

  package func path() throws(NoStoreFolder) -> FilePath { try StoreLocation.folder(option: store) }

  /// Opens the store, all of it.
  package func open(for access: StoreAccess) throws -> StateStore { try .open(path(), for: access) }
}

/// Which store, and whose part of it.
package struct NamespaceInStore: ParsableArguments {
  @OptionGroup package var folder: StoreFolder

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Keeps what is stored apart from other names' (one a tenant).", valueName: "name"),
    transform: RawArguments.text)
  package var namespace: String = "default"

  package init() {}

  /// Opens the store.
  package func open(for access: StoreAccess, limit: StoreLimit? = nil) throws -> StateStore {
    try .open(folder.path(), for: access, options: options(limit))
  }

  /// A session with the store.
  package func session(
    _ model: LoadedModel, access: StoreAccess, limit: StoreLimit? = nil, remote: RemoteStore? = nil, threads: Int? = nil
  ) throws -> CacheSession {
    try CacheSession(
      model: model, storeAt: folder.path(), access: access, options: options(limit), remote: remote, threads: threads,
      progress: ProgressDisplay().show)
  }

  private func options(_ limit: StoreLimit?) -> StoreOptions {
    StoreOptions(
      maximumBytes: limit?.maxBytes?.bytes, maximumNamespaceBytes: limit?.maxNamespaceBytes?.bytes,
      namespace: namespace,
      onWait: { Notes.line("pmlc: \($0.message)") })
  }
}

/// How large a store, and one tenant's part of it, may become.
package struct StoreLimit: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      What the store's file may take: bytes, or a number with a unit (200MB, 1.5GiB). The least recently used encodings make \
      room, never those of pinned versions.
      """,
      valueName: "size"))
  package var maxBytes: ByteCount?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The same for the states of this namespace.", valueName: "size"))
  package var maxNamespaceBytes: ByteCount?

  package init() {}

  package func validate() throws {
    if let maxBytes, maxBytes.bytes < 1 { throw ValidationError("--max-bytes takes 1 or more") }
    if let maxNamespaceBytes, maxNamespaceBytes.bytes < 1 {
      throw ValidationError("--max-namespace-bytes takes 1 or more")
    }
  }
}
