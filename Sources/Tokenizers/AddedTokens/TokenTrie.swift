/// Finds the longest of a set of spellings at a place in a text.
struct TokenTrie: Sendable {
  private struct Node: Sendable {
    let byte: UInt8
    var firstChild: Int32 = -1
    var nextSibling: Int32 = -1
    /// The token that ends here, or -1.
    var token: Int32 = -1
  }

  private var nodes = [Node(byte: 0)]
  /// The child of the root by its byte, -1 where there is none.
  private var roots = [Int32](repeating: -1, count: 256)

  /// Whether no spelling was inserted.
  var isEmpty: Bool { nodes.count == 1 }

  /// Adds a spelling of at least one byte.
  ///
  /// - Returns: the token that has the spelling already, if there is one; then nothing changes.
  mutating func insert(_ spelling: some Sequence<UInt8>, token: Int32) -> Int32? {
    var node: Int32 = 0
    for byte in spelling {
      if let child = child(of: node, byte) {
        node = child
        continue
      }
      let child = Int32(nodes.count)
      var new = Node(byte: byte)
      new.nextSibling = nodes[Int(node)].firstChild
      nodes.append(new)
      nodes[Int(node)].firstChild = child
      if node == 0 { roots[Int(byte)] = child }
      node = child
    }
    guard nodes[Int(node)].token < 0 else { return nodes[Int(node)].token }
    nodes[Int(node)].token = token
    return nil
  }

  /// The longest spelling that `bytes` have at `start`.
  func longestMatch(at start: Int, end: Int, in bytes: [UInt8]) -> (token: Int32, end: Int)? {
    var node = roots[Int(bytes[start])]
    var match: (token: Int32, end: Int)?
    var index = start + 1
    while node >= 0 {
      if nodes[Int(node)].token >= 0 { match = (nodes[Int(node)].token, index) }
      guard index < end, let child = child(of: node, bytes[index]) else { break }
      node = child
      index += 1
    }
    return match
  }

  private func child(of node: Int32, _ byte: UInt8) -> Int32? {
    if node == 0 { return roots[Int(byte)] < 0 ? nil : roots[Int(byte)] }
    var child = nodes[Int(node)].firstChild
    while child >= 0, nodes[Int(child)].byte != byte { child = nodes[Int(child)].nextSibling }
    return child < 0 ? nil : child
  }
}
