public import PMLCompiler

/// Where the divergence of a cached answer comes from.
public struct AuditCauses: Encodable, Sendable {
  /// What a prompt's states would have changed, had one module's been computed anew, in its place, with all in sight that
  /// stands in front of it.
  public struct Module: Encodable, Sendable {
    /// The module; the root for the schema's own text.
    public let path: ModulePath
    /// Its tokens that were computed anew. Those whose states are exact are not.
    public let tokens: Int
    /// Divergence from the baseline with these tokens computed anew.
    public let divergence: AuditReport.Divergence
    /// By how much the mean divergence falls; below 0 where it rises.
    public let gain: Double
    /// What it misses, the most missed first: of the costliest module alone, and only what its states have not seen.
    public internal(set) var misses: [Missed] = []

    private enum CodingKeys: String, CodingKey {
      case path, tokens
      case divergence = "kl"
      case gain, misses
    }

    /// Writes the path as text.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(path.description, forKey: .path)
      try container.encode(tokens, forKey: .tokens)
      try container.encode(divergence, forKey: .divergence)
      try container.encode(gain, forKey: .gain)
      try container.encode(misses, forKey: .misses)
    }
  }

  /// Something in front of a module that its states have not seen.
  public struct Missed: Encodable, Sendable {
    /// The module that has it; the root for the schema's own text, `nil` for new text.
    public let path: ModulePath?
    /// The parameter whose argument it is, if it is one.
    public let parameter: String?
    /// By how much the mean divergence rises where the module is computed anew with all but this in sight.
    public let loss: Double

    private enum CodingKeys: String, CodingKey {
      case path, parameter, loss
    }

    /// Writes the path as text.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(path?.description, forKey: .path)
      try container.encode(parameter, forKey: .parameter)
      try container.encode(loss, forKey: .loss)
    }
  }

  /// Modules whose states are not exact, the costliest first.
  public let modules: [Module]
  /// Divergence with everything computed, but at the prompt's positions: what empty positions cost. `nil` where they are
  /// those of the baseline.
  public let positions: AuditReport.Divergence?

  private enum CodingKeys: String, CodingKey {
    case modules = "by_module"
    case positions = "positions_kl"
  }
}
