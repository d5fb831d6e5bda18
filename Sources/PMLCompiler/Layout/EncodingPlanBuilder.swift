import ContentHash

/// Walks a layout and finds what each segment sees.
struct EncodingPlanBuilder {
  private typealias Context = ContextTree.Context

  private(set) var encodings: [EncodingPlan.Encoding] = []
  private(set) var contexts = ContextTree()
  /// Encodings outside scaffolds; they are in document order.
  private(set) var plain: [SchemaLayout.Item: Int] = [:]

  private let layout: SchemaLayout
  /// What is certain to be present before each module.
  private var contextBefore: [Context]
  private var restToken: Int?

  init(_ layout: SchemaLayout) {
    self.layout = layout
    contextBefore = Array(repeating: .empty, count: layout.modules.count)
  }

  /// Goes on from the plan of a layout that this one begins with.
  init(_ layout: SchemaLayout, goingOnFrom plan: EncodingPlan) {
    self.layout = layout
    encodings = plan.encodings
    contexts = plan.contexts
    plain = plan.plain
    contextBefore = []
    restToken = plan.encodings.firstIndex { $0.item == .restToken }
  }

  /// The encodings of a library's document, which sees itself alone.
  mutating func encodeDocument(_ module: Int) {
    var seen = beginning(of: module, at: -1)
    for item in layout.ownItems(of: module) {
      let place = place(of: item, behind: seen, origin: layout.modules[module].start)
      let encoding = encode(item, at: place, isIsolated: true, seeing: seen)
      plain[item] = encoding
      seen = append(encoding, at: place, to: seen)
    }
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
    if layout.modules[module].attention == .isolated, !layout.modules[module].content.isEmpty {
      isolated = beginning(of: module, at: -1)
    }
    for content in layout.modules[module].content {
      switch content {
      case .item(let item):
        guard layout.modules[module].isCached, layout.encodedTokenCount(of: item) > 0 else { continue }
        let encoding: Int
        if let seen = isolated {
          let place = place(of: item, behind: seen, origin: start)
          encoding = encode(item, at: place, isIsolated: true, seeing: seen)
          isolated = append(encoding, at: place, to: seen)
        } else {
          encoding = encode(item, at: place(of: item, behind: present), seeing: present)
        }
        plain[item] = encoding
        present = append(encoding, to: present)
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
    var listed: [Int] = []
    for module in layout.scaffolds[scaffold] {
      let isIsolated = layout.modules[module].attention == .isolated
      var seen = isIsolated ? beginning(of: module, seeing: listed) : contextBefore[module]
      seen = insert(listed, into: seen)
      for content in layout.modules[module].content {
        switch content {
        case .item(let item):
          guard layout.encodedTokenCount(of: item) > 0 else { continue }
          let encoding = encode(item, at: place(of: item, behind: seen), seeing: seen, in: scaffold)
          found[item] = encoding
          listed.append(encoding)
          seen = append(encoding, to: seen)
        case .module:
          continue
        case .unionScaffold(let member):
          if !isIsolated { seen = appendPlain(of: member, to: seen) }
        }
      }
    }
    return found
  }

  private mutating func encode(
    _ item: SchemaLayout.Item, at start: Int, isIsolated: Bool = false, seeing context: Context,
    in scaffold: Int? = nil
  ) -> Int {
    let digest = EncodingIdentity.encoding(
      seeing: contexts.digest(of: context), at: start, isExtended: layout.isExtended
    ) { hasher in
      switch (item, layout.kind) {
      case (.parameter(let index), .fixed):
        let parameter = layout.parameters[index]
        hasher.update(tokens: parameter.placeholder)
        hasher.update(tokens: [layout.fillToken])
        hasher.update(parameter.length)
      case (.segment, _), (.parameter, .compact), (.restToken, _):
        // A placeholder is like a text that says the same.
        hasher.update(tokens: layout.encodedTokens(of: item))
      }
    }
    encodings.append(
      EncodingPlan.Encoding(
        digest: digest, item: item, start: start, isIsolated: isIsolated, scaffold: scaffold,
        context: context))
    return encodings.count - 1
  }

  /// Where `item` stands for what sees `context`: at its place in the layout, counted from `origin`, or right behind.
  private func place(of item: SchemaLayout.Item, behind context: Context, origin: Int = 0) -> Int {
    switch layout.kind {
    case .fixed: layout.positions(of: item).lowerBound - origin
    case .compact: end(of: context)
    }
  }

  /// The position behind a context.
  private func end(of context: Context) -> Int {
    guard context != .empty else { return 0 }
    let last = contexts.links[context.link].entry
    return last.place + layout.encodedTokenCount(of: encodings[last.encoding].item)
  }

  private mutating func append(_ encoding: Int, to context: Context) -> Context {
    append(encoding, at: place(of: encodings[encoding].item, behind: context), to: context)
  }

  private mutating func append(_ encoding: Int, at place: Int, to context: Context) -> Context {
    contexts.appending(
      ContextEntry(encoding: encoding, place: place), digest: encodings[encoding].digest, to: context)
  }

  private mutating func appendPlain(of module: Int, to context: Context) -> Context {
    layout.ownItems(of: module).compactMap { plain[$0] }.reduce(context) { append($1, to: $0) }
  }

  /// What an isolated module sees before its own text: BOS, or else the rest token, where the model has one.
  private mutating func beginning(of module: Int, at place: Int) -> Context {
    // The schema's own text has BOS itself, as a segment.
    guard module != 0 else { return .empty }
    if layout.beginOfSequence != nil { return append(0, at: place, to: .empty) }
    guard layout.restToken != nil else { return .empty }
    let encoding = restToken ?? encode(.restToken, at: 0, seeing: .empty)
    restToken = encoding
    return append(encoding, at: place, to: .empty)
  }

  /// The same for one that sees modules of its scaffold ahead of its own text: position 0 is BOS's. It may be a text's where
  /// there is none, and the rest token lies ahead of the first of what is seen.
  private mutating func beginning(of module: Int, seeing listed: [Int]) -> Context {
    guard layout.kind == .fixed, layout.beginOfSequence == nil else { return beginning(of: module, at: 0) }
    let first = listed.first.map { layout.positions(of: encodings[$0].item).lowerBound }
    return beginning(of: module, at: (first ?? layout.modules[module].start) - 1)
  }

  /// `context` with encodings of a scaffold at their places, instead of what it has of the same segments.
  private mutating func insert(_ listed: [Int], into context: Context) -> Context {
    guard let first = listed.first else { return context }
    let items = Set(listed.map { encodings[$0].item })
    switch layout.kind {
    case .fixed:
      let start = encodings[first].start
      let (before, after) = contexts.split(context) { $0.place >= start }
      let kept = after.filter { !items.contains(encodings[$0.encoding].item) }
      let entries = kept + listed.map { ContextEntry(encoding: $0, place: encodings[$0].start) }
      // Stable: of two entries at one place, the context's own stands first.
      return entries.sorted { $0.place < $1.place }
        .reduce(before) { append($1.encoding, at: $1.place, to: $0) }
    case .compact:
      let (before, after) = contexts.split(context) { order(of: $0.encoding) >= order(of: first) }
      let kept = after.map(\.encoding).filter { !items.contains(encodings[$0].item) }
      return (kept + listed).sorted { order(of: $0) < order(of: $1) }.reduce(before) { append($1, to: $0) }
    }
  }

  /// Where the item of an encoding stands in the document, among others.
  private func order(of encoding: Int) -> Int { plain[encodings[encoding].item] ?? -1 }
}
