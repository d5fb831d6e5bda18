/// The names of modules from the schema down; unions and roles open no scope, so they have no step.
public struct ModulePath: Hashable, Sendable, CustomStringConvertible {
  /// The schema itself.
  public static let root = Self([])

  /// Module names, outermost first.
  public let steps: [String]

  /// The path with these steps.
  public init(_ steps: [String]) { self.steps = steps }

  /// The path of a module called `name` in this one.
  public func appending(_ name: String) -> Self { Self(steps + [name]) }

  /// The path of the module (or schema) around this one; `nil` for the schema.
  public var parent: Self? { steps.isEmpty ? nil : Self(steps.dropLast()) }

  /// Whether this is `other`, or lies in it.
  public func isWithin(_ other: Self) -> Bool { steps.starts(with: other.steps) }

  /// Steps with `/` between them; empty for the schema.
  public var description: String { steps.joined(separator: "/") }
}
