/// The names of modules from the schema down; unions and roles open no scope, so they have no step.
///
/// A path shares its beginning with the path that it was made from, so that those of deeply nested modules cost no more
/// than others.
public struct ModulePath: Sendable, CustomStringConvertible {
  /// The schema itself.
  public static let root = Self([])

  private let last: Step?

  private init(last: Step?) { self.last = last }

  /// The path with these steps.
  public init(_ steps: [String]) { last = steps.reduce(nil) { Step($1, after: $0) } }

  /// Module names, outermost first.
  public var steps: [String] { sequence(first: last) { $0?.previous }.compactMap { $0?.name }.reversed() }

  /// Name of the module itself; `nil` for the schema.
  public var name: String? { last?.name }

  /// Number of steps.
  public var depth: Int { last?.depth ?? 0 }

  /// The path of a module called `name` in this one.
  public func appending(_ name: String) -> Self { Self(last: Step(name, after: last)) }

  /// The path of the module (or schema) around this one; `nil` for the schema.
  public var parent: Self? { last.map { Self(last: $0.previous) } }

  /// Whether this is `other`, or lies in it.
  public func isWithin(_ other: Self) -> Bool {
    var path = self
    while path.depth > other.depth, let parent = path.parent { path = parent }
    return path == other
  }

  /// Steps with `/` between them; empty for the schema.
  public var description: String { steps.joined(separator: "/") }

  private final class Step: Sendable {
    let name: String
    let previous: Step?
    let depth: Int
    /// Of all steps up to this one.
    let hash: Int

    init(_ name: String, after previous: Step?) {
      self.name = name
      self.previous = previous
      depth = (previous?.depth ?? 0) + 1
      var hasher = Hasher()
      hasher.combine(previous?.hash)
      hasher.combine(name)
      hash = hasher.finalize()
    }
  }
}

extension ModulePath: Hashable {
  /// Whether the steps are the same.
  public static func == (left: Self, right: Self) -> Bool {
    var (left, right) = (left.last, right.last)
    while left !== right {
      guard let first = left, let second = right, first.hash == second.hash, first.depth == second.depth,
        first.name == second.name
      else { return false }
      (left, right) = (first.previous, second.previous)
    }
    return true
  }

  /// Feeds all steps.
  public func hash(into hasher: inout Hasher) { hasher.combine(last?.hash) }
}
