import ContentHash

/// One encoding as another sees it.
public struct ContextEntry: Hashable, Sendable {
  /// Index of the encoding in its plan.
  public let encoding: Int
  /// Position at which its first token is seen, counted as the start of the encoding that sees it is.
  public let place: Int

  /// An encoding at a place.
  public init(encoding: Int, place: Int) {
    self.encoding = encoding
    self.place = place
  }
}

/// Contexts that share their beginnings: each is another one and one more entry.
///
/// Most contexts of a schema begin alike, so separate lists would take quadratic space.
struct ContextTree: Sendable {
  /// A context: index of its last link, negative for the empty one.
  struct Context: Hashable, Sendable {
    let link: Int
    static let empty = Self(link: -1)
  }

  /// A context and one more entry.
  struct Link: Sendable {
    let before: Context
    let entry: ContextEntry
    /// Number of entries up to this one.
    let count: Int
    /// Place of the first entry.
    let start: Int
    fileprivate let digest: SHA256Digest
  }

  private(set) var links: [Link] = []

  /// Identity of a context: a function of its entries' digests and places, in order.
  func digest(of context: Context) -> SHA256Digest {
    context == .empty ? EncodingIdentity.emptyContext : links[context.link].digest
  }

  /// Number of entries.
  func count(of context: Context) -> Int { context == .empty ? 0 : links[context.link].count }

  /// The entries, by place.
  func entries(of context: Context) -> [ContextEntry] {
    var entries: [ContextEntry] = []
    var context = context
    while context != .empty {
      entries.append(links[context.link].entry)
      context = links[context.link].before
    }
    return entries.reversed()
  }

  /// `context` and one more entry, whose encoding has this digest.
  mutating func appending(_ entry: ContextEntry, digest: SHA256Digest, to context: Context) -> Context {
    let last = context == .empty ? nil : links[context.link]
    links.append(
      Link(
        before: context, entry: entry, count: (last?.count ?? 0) + 1, start: last?.start ?? entry.place,
        digest: EncodingIdentity.context(self.digest(of: context), appending: digest, at: entry.place)))
    return Context(link: links.count - 1)
  }

  /// The last entries of `context` of which `isAfter` is true, and the context that is left without them.
  func split(
    _ context: Context, where isAfter: (ContextEntry) -> Bool
  ) -> (before: Context, after: [ContextEntry]) {
    var after: [ContextEntry] = []
    var context = context
    while context != .empty, isAfter(links[context.link].entry) {
      after.append(links[context.link].entry)
      context = links[context.link].before
    }
    return (context, after.reversed())
  }
}
