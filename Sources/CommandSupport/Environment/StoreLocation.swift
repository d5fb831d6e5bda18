package import PromptCache

/// Where the store is, by option and environment.
package enum StoreLocation {
  /// The folder that `option` names, else `PMLC_STORE`, else `pmlc` in the user's cache folder.
  ///
  /// The cache folder is that of the XDG base directory specification: `XDG_CACHE_HOME`, which has no effect if it is
  /// empty or relative, else `.cache` in `HOME`, for which the same holds.
  ///
  /// - Parameter option: what the command line says.
  /// - Throws: `NoStoreFolder` where nothing names a folder.
  package static func folder(option: FilePath?) throws(NoStoreFolder) -> FilePath {
    if let folder = option ?? environmentVariable("PMLC_STORE") { return folder }
    if let cache = environmentVariable("XDG_CACHE_HOME"), cache.isAbsolute { return cache.appending("pmlc") }
    if let home = environmentVariable("HOME"), home.isAbsolute { return home.appending(".cache/pmlc") }
    throw NoStoreFolder()
  }
}

/// Neither an option nor an environment variable names a folder for the store.
package struct NoStoreFolder: CategorizedError {
  package var category: FailureCategory { .input }
  package var message: String { "there is no folder for the store" }
  package var remedies: [Remedy] { [.nameStoreFolder] }
}
