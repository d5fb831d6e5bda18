import ContentHash

/// Walks a layout and finds what each segment sees.
struct EncodingPlanBuilder {
  private typealias Context = ContextTree.Context

  private(set) var encodings: [EncodingPlan.Encoding] = []
  private(set) var contexts = ContextTree()
  /// Encodings outside scaffolds.
  private(set) var plain: [SchemaLayout.Item: Int] = [:]

  private let layout: SchemaLayout
  /// What is certain to be present before each module.
  private var contextBefore: [Context]

  init(_ layout: SchemaLayout) {
    self.layout = layout
    contextBefore = Array(repeating: .empty, count: layout.modules.count)
  }

  /// The encodings outside scaffolds.
  mutating func encodeSchema() {
    encode(module: 0, after: .empty)
  }

  /// Encodes a module's own content and what is nested in it.
  ///
  /// - Parameter before: the segments that are present in each prompt that has this module, and lie before it.
  private mutating func encode(module: Int, after before: Context) {
    contextBefore[module] = before
    let start = layout.modules[module].start
    var present = before
    var isolated: Context?
    if layout.modules[module].attention == .isolated {
      isolated = beginning(at: -1, of: module)
    }
    for content in layout.modules[module].content {
      switch content {
      case .item(let item):
        guard layout.modules[module].isCached else { continue }
        let position = layout.positions(of: item).lowerBound
        let encoding: Int
        if let seen = isolated {
          encoding = encode(item, at: position - start, isRelative: true, seeing: seen)
          isolated = append(encoding, at: position - start, to: seen)
        } else {
          encoding = encode(item, at: position, isRelative: false, seeing: present)
        }
        plain[item] = encoding
        present = append(encoding, at: position, to: present)
      case .module(let child):
        encode(module: child, after: present)
      case .unionScaffold(let member):
        present = appendPlain(of: member, to: present)
      }
    }
  }

  /// The encodings of one set of modules.
  ///
  /// - Returns: the encoding of each of their own segments and placeholders.
  mutating func encodeScaffold(_ scaffold: Int) -> [SchemaLayout.Item: Int] {
    var found: [SchemaLayout.Item: Int] = [:]
    var listed: [ContextEntry] = []
    for module in layout.scaffolds[scaffold] {
      let isIsolated = layout.modules[module].attention == .isolated
      var seen = isIsolated ? beginning(at: 0, of: module) : contextBefore[module]
      seen = insert(listed, into: seen)
      for content in layout.modules[module].content {
        switch content {
        case .item(let item):
          let position = layout.positions(of: item).lowerBound
          let encoding = encode(item, at: position, isRelative: false, seeing: seen, in: scaffold)
          found[item] = encoding
          listed.append(ContextEntry(encoding: encoding, place: position))
          seen = append(encoding, at: position, to: seen)
        case .module:
          continue
        case .unionScaffold(let member):
          if !isIsolated { seen = appendPlain(of: member, to: seen) }
        }
      }
    }
    return found
  }

  // The digest's form: tests pin it, since stores are searched by it.
  private mutating func encode(
    _ item: SchemaLayout.Item, at start: Int, isRelative: Bool, seeing context: Context, in scaffold: Int? = nil
  ) -> Int {
    var hasher = SHA256Hasher()
    hasher.update(layout.isExtended ? "prompt-cache encoding 1, long factors" : "prompt-cache encoding 1")
    hasher.update(contexts.digest(of: context))
    hasher.update(start)
    switch item {
    case .segment(let index):
      hasher.update(tokens: layout.segments[index].tokens)
    case .parameter(let index):
      let parameter = layout.parameters[index]
      hasher.update(tokens: parameter.placeholder)
      hasher.update(tokens: [layout.fillToken])
      hasher.update(parameter.length)
    }
    encodings.append(
      EncodingPlan.Encoding(
        digest: hasher.finalize(), item: item, start: start, isRelative: isRelative, scaffold: scaffold,
        context: context))
    return encodings.count - 1
  }

  private mutating func append(_ encoding: Int, at place: Int, to context: Context) -> Context {
    contexts.appending(
      ContextEntry(encoding: encoding, place: place), digest: encodings[encoding].digest, to: context)
  }

  private mutating func appendPlain(of module: Int, to context: Context) -> Context {
    var context = context
    for item in layout.ownItems(of: module) {
      guard let encoding = plain[item] else { continue }
      context = append(encoding, at: layout.positions(of: item).lowerBound, to: context)
    }
    return context
  }

  /// What an isolated module sees before its own text: BOS, where the model has one.
  private mutating func beginning(at place: Int, of module: Int) -> Context {
    // The schema's own text has BOS itself, as a segment.
    guard module != 0, layout.segments.first?.kind == .beginOfSequence else { return .empty }
    return append(0, at: place, to: .empty)
  }

  /// `context` with `entries` at their places, instead of what it has of the same segments.
  private mutating func insert(_ entries: [ContextEntry], into context: Context) -> Context {
    guard let first = entries.first else { return context }
    let items = Set(entries.map { encodings[$0.encoding].item })
    var (result, after) = contexts.split(context, at: first.place)
    after.removeAll { items.contains(encodings[$0.encoding].item) }
    // Stable: of two entries at one place, the context's own stands first.
    for entry in (after + entries).sorted(by: { $0.place < $1.place }) {
      result = append(entry.encoding, at: entry.place, to: result)
    }
    return result
  }
}

extension SHA256Hasher {
  /// Feeds the number of tokens, then 4 bytes each, least significant first.
  fileprivate mutating func update(tokens: [TokenID]) {
    update(tokens.count)
    let words = tokens.map(\.littleEndian)
    unsafe update(bytes: words.span.bytes)
  }
}
