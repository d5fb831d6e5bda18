/// Which scaffolds' encodings a prompt uses in place of the plain ones.
///
/// The one with the most modules goes first, then the one declared first; one that lists a module already taken is passed
/// over whole.
struct ScaffoldChoice {
  private var scaffolds: [Int: Int] = [:]

  /// - Parameter scaffolds: the modules of each, as indices.
  /// - Parameter modules: what the prompt imports.
  init(of scaffolds: [[Int]], importing modules: some Sequence<Int>) {
    let imported = Set(modules)
    // Stable: equal counts keep the order of declaration.
    let order = scaffolds.indices.sorted { scaffolds[$0].count > scaffolds[$1].count }
    for scaffold in order {
      let fits = scaffolds[scaffold].allSatisfy { imported.contains($0) && self.scaffolds[$0] == nil }
      guard fits else { continue }
      for module in scaffolds[scaffold] { self.scaffolds[module] = scaffold }
    }
  }

  /// Index of the scaffold whose encodings stand for a module's own segments; `nil` for the plain ones.
  func scaffold(of module: Int) -> Int? { scaffolds[module] }
}
