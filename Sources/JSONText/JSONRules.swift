/// What RFC 8259 leaves to the reader.
package struct JSONRules: Sendable {
  /// How deep arrays and objects may be nested.
  package let depthLimit: Int
  /// Whether a value's objects may have a key twice; the last one counts then.
  package let allowsDuplicateKeys: Bool
  /// Whether a value's numbers may be others than 64-bit integers.
  package let allowsFractions: Bool
  /// Whether `NaN`, `Infinity` and `-Infinity` are numbers, and a number too large for a double is infinite, as in
  /// Python.
  package let allowsNonFinite: Bool

  /// Rules; by default those that most readers share.
  package init(
    depthLimit: Int = 128, allowsDuplicateKeys: Bool = true, allowsFractions: Bool = true,
    allowsNonFinite: Bool = false
  ) {
    self.depthLimit = depthLimit
    self.allowsDuplicateKeys = allowsDuplicateKeys
    self.allowsFractions = allowsFractions
    self.allowsNonFinite = allowsNonFinite
  }
}
