import PMLCompiler

/// SplitMix64 (Steele, Lea, Flood 2014): the same schemas on every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Small schemas with a bit of everything.
struct RandomSchema {
  private var generator: SeededGenerator
  private var names = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  static func schema(seed: UInt64, positions: Schema.Positions = .fixed) -> Schema {
    var random = Self(seed: seed)
    return random.schema(positions)
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

  private mutating func schema(_ positions: Schema.Positions) -> Schema {
    let attention: Schema.Attention = chance(15) ? .isolated : .context
    let nodes = nodes(depth: 0, inherited: attention)
    var scaffolds: [Schema.Scaffold] = []
    let cached = Self.modules(in: nodes, at: .root).filter(\.module.cache).map(\.path)
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      var listed: [ModulePath] = []
      for path in cached.shuffled(using: &generator).prefix(3) {
        if listed.allSatisfy({ Self.mayStandTogether($0, path, in: nodes) }) { listed.append(path) }
      }
      if listed.count > 1 { scaffolds.append(Schema.Scaffold(modules: listed)) }
    }
    return Schema(name: "random", positions: positions, attention: attention, nodes: nodes, scaffolds: scaffolds)
  }

  private mutating func nodes(depth: Int, inherited: Schema.Attention) -> [Schema.Node] {
    var nodes: [Schema.Node] = []
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<4: nodes.append(.text(run()))
      case 4 where depth > 0: nodes.append(parameter())
      case 5..<8 where depth < 3 && names < 8: nodes.append(.module(module(depth: depth, inherited: inherited)))
      case 8..<10 where depth < 3 && names < 7:
        let members = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
          module(depth: depth, inherited: inherited)
        }
        let scaffold = chance(60) ? members.randomElement(using: &generator)?.name : nil
        nodes.append(.union(Schema.Union(members: members, representative: scaffold)))
      default: break
      }
    }
    return nodes
  }

  private mutating func run() -> TextRun {
    let text = String(
      (0..<Int.random(in: 1...3, using: &generator)).map { _ in "abcd".randomElement(using: &generator) ?? "a" })
    return TextRun(text, origin: chance(20) ? .template : .document)
  }

  private mutating func parameter() -> Schema.Node {
    names += 1
    return .parameter(
      Schema.Parameter(
        name: "p\(names)", length: Int.random(in: 3...5, using: &generator), placeholder: chance(50) ? "xy" : nil,
        defaultText: chance(70) ? "d" : nil, leadingSpace: chance(50)))
  }

  private mutating func module(depth: Int, inherited: Schema.Attention) -> Schema.Module {
    names += 1
    let name = "m\(names)"
    let attention = chance(30) ? (chance(50) ? .isolated : .context) : inherited
    return Schema.Module(
      name: name, attention: attention, cache: !chance(15), nodes: nodes(depth: depth + 1, inherited: attention))
  }

  /// All modules with their paths, in document order.
  static func modules(in nodes: [Schema.Node], at path: ModulePath) -> [(path: ModulePath, module: Schema.Module)] {
    nodes.flatMap { node -> [(path: ModulePath, module: Schema.Module)] in
      let members =
        switch node {
        case .module(let module): [module]
        case .union(let union): union.members
        case .text, .parameter, .library: [Schema.Module]()
        }
      return members.flatMap { module in
        let path = path.appending(module.name)
        return [(path, module)] + modules(in: module.nodes, at: path)
      }
    }
  }

  /// Whether some prompt imports both, neither being in the other.
  private static func mayStandTogether(_ left: ModulePath, _ right: ModulePath, in nodes: [Schema.Node]) -> Bool {
    guard !left.isWithin(right), !right.isWithin(left) else { return false }
    return Presence.prompts(of: nodes).contains { $0.contains(left) && $0.contains(right) }
  }
}

/// All sets of modules that a prompt can import.
enum Presence {
  static func prompts(of nodes: [Schema.Node], at path: ModulePath = .root) -> [Set<ModulePath>] {
    var sets: [Set<ModulePath>] = [[]]
    for node in nodes {
      var choices: [Set<ModulePath>] = [[]]
      switch node {
      case .text, .parameter, .library: continue
      case .module(let module): choices += with(module, at: path)
      case .union(let union): for member in union.members { choices += with(member, at: path) }
      }
      sets = sets.flatMap { set in choices.map(set.union) }
    }
    return sets
  }

  private static func with(_ module: Schema.Module, at path: ModulePath) -> [Set<ModulePath>] {
    let path = path.appending(module.name)
    return prompts(of: module.nodes, at: path).map { $0.union([path]) }
  }
}
