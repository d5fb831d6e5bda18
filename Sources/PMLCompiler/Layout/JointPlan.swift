public import ContentHash

/// The joint encodings of some prompts of one schema: their chains, with what begins alike once.
///
/// Each sees all those in front of it in its chain, where they stand in the prompts. They are numbered by how many these
/// are, so that each follows what it sees, and those that can be computed side by side are neighbours.
public struct JointPlan: JointGraph {
  /// One part of a prompt, and with it of all prompts that begin alike up to there.
  private struct Node {
    let digest: SHA256Digest
    let part: PromptLayout.Part
    /// The node right in front of it.
    let previous: Int?
    /// Number of nodes in front of it.
    let depth: Int
    let label: String
  }

  /// As the schema's layout says.
  public let isExtended: Bool
  private var nodes: [Node] = []

  /// The chains of prompts of one schema.
  ///
  /// - Parameters:
  ///   - prompts: the prompts.
  ///   - layouts: the layout that each is laid on: the schema's, with the documents that it imports.
  public init(of prompts: [PromptLayout], on layouts: [SchemaLayout]) {
    isExtended = layouts.first?.isExtended ?? false
    var known: [SHA256Digest: Int] = [:]
    // For each prompt the node that its chain has got to.
    var ends: [Int?] = Array(repeating: nil, count: prompts.count)
    for depth in 0..<(prompts.map(\.chain.digests.count).max() ?? 0) {
      for (index, prompt) in prompts.enumerated() where depth < prompt.chain.digests.count {
        let digest = prompt.chain.digests[depth]
        if known[digest] == nil {
          known[digest] = nodes.count
          let label = Self.label(of: prompt.parts[depth], in: layouts[index])
          nodes.append(
            Node(digest: digest, part: prompt.parts[depth], previous: ends[index], depth: depth, label: label))
        }
        ends[index] = known[digest]
      }
    }
  }

  /// Indices of all encodings.
  public var indices: Range<Int> { nodes.indices }

  /// Number of chains that no other one goes on from.
  public var combinations: Int { nodes.count - Set(nodes.compactMap(\.previous)).count }

  /// The encoding right in front of one.
  public func previous(of index: Int) -> Int? { nodes[index].previous }

  /// Number of encodings in front of one.
  public func depth(of index: Int) -> Int { nodes[index].depth }

  /// Identity of an encoding's states.
  public func digest(of index: Int) -> SHA256Digest { nodes[index].digest }
  /// Position of its first token, in the prompts and while it is encoded.
  public func start(of index: Int) -> Int { nodes[index].part.start }
  /// The tokens to encode.
  public func tokens(of index: Int) -> [TokenID] { nodes[index].part.tokens }
  /// Their number.
  public func tokenCount(of index: Int) -> Int { nodes[index].part.tokens.count }
  /// All are.
  public func isStored(_ index: Int) -> Bool { true }

  /// All that stands in front of it.
  public func context(of index: Int) -> [ContextEntry] {
    var entries: [ContextEntry] = []
    entries.reserveCapacity(nodes[index].depth)
    var node = nodes[index].previous
    while let index = node {
      entries.append(ContextEntry(encoding: index, place: nodes[index].part.start))
      node = nodes[index].previous
    }
    return entries.reversed()
  }

  /// What a person calls an encoding: the module whose text it is, the parameter that it fills, or new text. What an argument
  /// or new text says is not told.
  public func label(of index: Int) -> String { nodes[index].label }

  private static func label(of part: PromptLayout.Part, in layout: SchemaLayout) -> String {
    guard case .schema(let item) = part.content else { return "new text" }
    let path = layout.modules[layout.module(of: item)].path
    let owner = path == .root ? "schema text" : "module `\(path)`"
    guard case .parameter(let parameter) = item else { return owner }
    return "`\(layout.parameters[parameter].name)` of \(owner)"
  }
}
