/// What an element of PML may have, as `grammar/pml.rng` says it.
struct ElementRule {
  let attributes: [AttributeRule]
  let children: ElementKinds
  let hasText: Bool

  /// Whether a role stands around it, so that none may stand in it.
  let isInRole: Bool

  /// Whether it is a library, whose modules hold text alone.
  let isLibrary: Bool

  /// The rule for `kind` in `parent`; a role may hold what its parent may, roles and scaffolds aside.
  init(for kind: ElementKind, in parent: ElementRule?) {
    isInRole = kind.isRole || parent?.isInRole == true
    isLibrary = kind == .library
    hasText = kind != .union && kind != .library && kind != .parameter && kind != .scaffold
    let isDocument = kind == .module && parent?.isLibrary == true
    let roles: ElementKinds = isInRole ? [] : .roles
    children =
      switch kind {
      case .schema: roles.union([.module, .union, .library, .scaffold])
      case .module where isDocument: []
      case .module: roles.union([.module, .union, .parameter])
      case .union, .library: [.module]
      case .parameter, .scaffold: []
      case .system, .user, .assistant: (parent?.children ?? []).subtracting(.roles).subtracting([.scaffold])
      case .prompt: roles
      }
    attributes = isDocument ? AttributeRule.ofDocument : AttributeRule.attributes(of: kind)
  }
}

/// An attribute that an element may have.
struct AttributeRule {
  enum Value {
    case name, moduleName, parameterName
    case oneOf([String])
    case length
    case paths
    case text
  }

  let name: String
  let value: Value
  let isRequired: Bool

  static func required(_ name: String, _ value: Value) -> Self { Self(name: name, value: value, isRequired: true) }
  static func optional(_ name: String, _ value: Value) -> Self { Self(name: name, value: value, isRequired: false) }
  static let attention = optional("attention", .oneOf(["context", "isolated"]))
  static let space = optional("xml:space", .oneOf(["default", "preserve"]))

  /// The attributes of `kind`, whatever stands around it.
  static func attributes(of kind: ElementKind) -> [Self] {
    switch kind {
    case .schema: ofSchema
    case .module: ofModule
    case .union: ofUnion
    case .library: ofLibrary
    case .parameter: ofParameter
    case .system, .user, .assistant: ofRole
    case .scaffold: ofScaffold
    case .prompt: ofPrompt
    }
  }

  private static let ofSchema = [
    required("name", .name), optional("positions", .oneOf(["compact", "fixed"])), attention, space,
  ]
  private static let ofModule = [
    required("name", .moduleName), optional("cache", .oneOf(["true", "false"])), optional("src", .text), attention,
    space,
  ]
  /// Those of a library's module, which is isolated and kept whatever it says.
  static let ofDocument = [
    required("name", .moduleName), optional("cache", .oneOf(["true"])), optional("src", .text),
    optional("attention", .oneOf(["isolated"])), space,
  ]
  private static let ofLibrary = [required("name", .moduleName), required("window", .length), space]
  private static let ofUnion = [optional("scaffold", .name)]
  private static let ofParameter = [
    required("name", .parameterName), required("length", .length), optional("len", .length),
    optional("scaffold", .text), optional("default", .text),
  ]
  private static let ofRole = [space]
  private static let ofScaffold = [required("modules", .paths)]
  private static let ofPrompt = [required("schema", .name), space]
}

extension AttributeRule.Value {
  /// Highest `length` of a parameter; no model has as many positions.
  static let longestParameter = 999_999_999

  /// What is wrong with `value`, if anything is.
  func problem(with value: String, of attribute: String) -> GrammarProblem? {
    let isReserved =
      switch self {
      case .moduleName: ElementKind.names.contains(value) || value.hasPrefix("xml")
      case .parameterName: value.hasPrefix("xml")
      default: false
      }
    if isReserved { return .reservedName(value) }
    return accepts(value) ? nil : .invalidValue(value, attribute: attribute, expected: expected)
  }

  private func accepts(_ value: String) -> Bool {
    switch self {
    case .name, .moduleName, .parameterName: XMLName.isUnprefixed(value)
    case .oneOf(let values): values.contains(value)
    case .length: Self.length(value) != nil
    case .paths: Self.arePaths(value)
    case .text: true
    }
  }

  private var expected: String {
    switch self {
    case .name, .moduleName, .parameterName: "a name: a letter or `_`, then letters, digits, `.`, `-` and `_`"
    case .oneOf(let values): values.map { "`\($0)`" }.joined(separator: " or ")
    case .length: "a number of tokens from 1 to \(Self.longestParameter)"
    case .paths: "two or more module paths with spaces between them, as in `a b/c`"
    case .text: "text"
    }
  }

  /// The number that `text` spells in ASCII digits, from 1 up.
  static func length(_ text: String) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text) else { return nil }
    return (1...longestParameter).contains(value) ? value : nil
  }

  /// The most paths that a list may have: no document has more modules, so a longer list names one twice.
  static let longestList = DocumentLimits.elements

  /// The paths of `modules`, as they stand between spaces; of a list that is too long one more than it may have.
  static func paths(_ text: String) -> [Substring] {
    text.utf8.split(maxSplits: longestList + 1, whereSeparator: \.isXMLSpace).prefix(longestList + 1)
      .map(Substring.init)
  }

  private static func arePaths(_ text: String) -> Bool {
    let paths = paths(text)
    return paths.count > 1 && paths.count <= longestList
      && paths.allSatisfy { path in
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
          .allSatisfy { XMLName.isUnprefixed(Substring($0)) }
      }
  }
}
