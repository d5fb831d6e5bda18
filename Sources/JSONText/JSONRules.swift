/// What RFC 8259 leaves to the reader.
package struct JSONRules: Sendable {
  /// Arrays and objects may lie this deep inside one another.
  package let depthLimit: Int
  /// Whether a value's objects may have a key twice; the last one counts then.
  package let allowsDuplicateKeys: Bool
  /// Whether a value's numbers may be others than 64-bit integers.
  package let allowsFractions: Bool

  /// Rules; those of other readers (Python's, serde's), where not told otherwise.
  package init(depthLimit: Int = 128, allowsDuplicateKeys: Bool = true, allowsFractions: Bool = true) {
    self.depthLimit = depthLimit
    self.allowsDuplicateKeys = allowsDuplicateKeys
    self.allowsFractions = allowsFractions
  }
}
