package import PromptCache

/// Which model is meant, by option and environment.
package enum ModelLocation {
  /// The one that `option` names, else `PMLC_MODEL`; `nil` for the small model that ships.
  ///
  /// - Parameter option: what the command line says.
  package static func path(option: FilePath?) -> FilePath? { option ?? environmentVariable("PMLC_MODEL") }
}
