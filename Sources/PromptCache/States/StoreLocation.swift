internal import FoundationEssentials

/// Where the store is.
public enum StoreLocation {
  /// The folder named by `option`, else by `PMLC_STORE`, else `pmlc` in the user's cache folder.
  ///
  /// - Parameter option: the folder that was asked for, if any.
  /// - Parameter environment: variables of the process.
  /// - Throws: `PromptCacheError.noStoreFolder` where nothing names a folder.
  public static func folder(option: String?, environment: [String: String]) throws(PromptCacheError) -> String {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let option { return option }
    if let store = value("PMLC_STORE") { return store }
    if let cache = value("XDG_CACHE_HOME") { return cache + "/pmlc" }
    if let home = value("HOME") { return home + "/.cache/pmlc" }
    throw .noStoreFolder
  }
}
