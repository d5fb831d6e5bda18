/// The elements of PML; in a prompt, elements of other names refer to modules.
enum ElementKind: String, CaseIterable {
  case schema, module, union, library, parameter, system, user, assistant, scaffold, prompt

  /// The element of this name; `param` is the paper's spelling of `parameter`.
  init?(_ name: String) {
    guard let kind = name == "param" ? .parameter : Self(rawValue: name) else { return nil }
    self = kind
  }

  /// Names that no module may have.
  static let names = allCases.map(\.rawValue) + ["param"]

  var isRole: Bool { self == .system || self == .user || self == .assistant }
}

/// A set of elements, in a number: the rules make one for each element of a document.
struct ElementKinds: ExpressibleByArrayLiteral {
  static let roles: Self = [.system, .user, .assistant]

  private var bits: UInt16

  init(arrayLiteral elements: ElementKind...) { bits = elements.reduce(0) { $0 | Self.bit($1) } }

  var isEmpty: Bool { bits == 0 }

  func contains(_ kind: ElementKind) -> Bool { bits & Self.bit(kind) != 0 }

  func union(_ other: Self) -> Self {
    var all = self
    all.bits |= other.bits
    return all
  }

  func subtracting(_ other: Self) -> Self {
    var rest = self
    rest.bits &= ~other.bits
    return rest
  }

  /// The names, in alphabetical order.
  var names: [String] { ElementKind.allCases.filter(contains).map(\.rawValue).sorted() }

  private static func bit(_ kind: ElementKind) -> UInt16 {
    switch kind {
    case .schema: 1
    case .module: 1 << 1
    case .union: 1 << 2
    case .parameter: 1 << 3
    case .system: 1 << 4
    case .user: 1 << 5
    case .assistant: 1 << 6
    case .scaffold: 1 << 7
    case .prompt: 1 << 8
    case .library: 1 << 9
    }
  }
}
