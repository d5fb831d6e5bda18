/// The elements of PML; in a prompt, elements of other names refer to modules.
enum ElementKind: String, CaseIterable {
  case schema, module, union, parameter, system, user, assistant, scaffold, prompt

  /// The element of this name; `param` is the paper's spelling of `parameter`.
  init?(_ name: String) {
    guard let kind = name == "param" ? .parameter : Self(rawValue: name) else { return nil }
    self = kind
  }

  /// Names that no module may have.
  static let names = allCases.map(\.rawValue) + ["param"]

  var isRole: Bool { self == .system || self == .user || self == .assistant }
  static let roles: Set<Self> = [.system, .user, .assistant]
}
