import Glibc
import PromptCache

/// Where the store is, by option and environment.
enum StoreLocation {
  /// The folder that `option` names, else `PMLC_STORE`, else `pmlc` in the user's cache folder.
  ///
  /// The cache folder is that of the XDG base directory specification: `XDG_CACHE_HOME`, which has no effect if it is
  /// empty or relative, else `~/.cache`.
  ///
  /// - Parameters:
  ///   - option: what the command line says.
  ///   - variable: gives the value of an environment variable, `nil` where it is not set.
  /// - Throws: `NoStoreFolder` where nothing names a folder.
  static func folder(
    option: FilePath?, variable: (String) -> FilePath? = environmentVariable
  ) throws(NoStoreFolder) -> FilePath {
    func value(_ name: String) -> FilePath? { variable(name).flatMap { $0.bytes.isEmpty ? nil : $0 } }
    if let option { return option }
    if let store = value("PMLC_STORE") { return store }
    if let cache = value("XDG_CACHE_HOME"), cache.isAbsolute { return cache.appending("pmlc") }
    if let home = value("HOME") { return home.appending(".cache/pmlc") }
    throw NoStoreFolder()
  }
}

/// Neither an option nor an environment variable names a folder for the store.
struct NoStoreFolder: CategorizedError {
  var category: FailureCategory { .input }
  var message: String { "there is no folder for the store" }
  var remedies: [Remedy] { [.nameStoreFolder] }
}

/// The value of an environment variable as the system has it: its bytes may be no UTF-8.
private func environmentVariable(_ name: String) -> FilePath? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe FilePath(
    bytes: UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) })
}
