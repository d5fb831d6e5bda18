import ContentHash

/// What an edit of a schema costs: which encodings stay, which have to be computed anew, and why.
///
/// Encodings with one digest are one; placeholders are not counted, since they are not kept.
public struct SchemaDiff: Sendable {
  /// Why an encoding has to be computed.
  public enum Reason: Hashable, Sendable {
    /// The old schema had no such text.
    case new
    /// The text is another one.
    case textChanged
    /// The text stands that many positions further on (or back, below zero). In compact schemas nothing moves.
    case moved(by: Int)
    /// What it sees changed: the text of these modules, in layout order, or its place.
    case contextChanged(in: [ModulePath])
  }

  /// An encoding to compute.
  public struct Change: Hashable, Sendable {
    /// Index into the new plan's encodings.
    public let encoding: Int
    /// Why it is not the old one.
    public let reason: Reason
  }

  /// The plan of the schema as it was.
  public let old: EncodingPlan
  /// The plan of the schema as it is now.
  public let new: EncodingPlan
  /// Indices of the new plan's encodings whose states the old one's are.
  public let kept: [Int]
  /// The other ones of the new plan.
  public let computed: [Change]
  /// Indices of the old plan's encodings that the new one has no use for.
  public let dropped: [Int]

  /// Compares two plans.
  public init(from old: EncodingPlan, to new: EncodingPlan) {
    self.old = old
    self.new = new
    let oldStored = old.distinctStored
    let newStored = new.distinctStored
    let oldDigests = Set(oldStored.map { old.encodings[$0].digest })
    let newDigests = Set(newStored.map { new.encodings[$0].digest })
    kept = newStored.filter { oldDigests.contains(new.encodings[$0].digest) }
    dropped = oldStored.filter { !newDigests.contains(old.encodings[$0].digest) }
    let changed = newStored.filter { !oldDigests.contains(new.encodings[$0].digest) }

    let counterparts = Self.counterparts(of: changed, in: new, among: dropped, in: old)
    let contexts = ContextComparison(old: old, new: new)
    computed = changed.map { index in
      guard let counterpart = counterparts[index] else { return Change(encoding: index, reason: .new) }
      return Change(encoding: index, reason: contexts.reason(from: counterpart, to: index))
    }
  }

  /// Where an encoding belongs in its schema, whatever its text.
  private struct Slot: Hashable {
    let path: ModulePath
    let scaffold: [ModulePath]?

    init(_ index: Int, in plan: EncodingPlan) {
      let encoding = plan.encodings[index]
      let layout = plan.layout
      path = layout.modules[layout.module(of: encoding.item)].path
      scaffold = encoding.scaffold.map { layout.scaffolds[$0].map { layout.modules[$0].path } }
    }
  }

  /// For each new encoding the old one in the same module: of equal text if there is one, else the next in order.
  private static func counterparts(
    of newIndices: [Int], in new: EncodingPlan, among oldIndices: [Int], in old: EncodingPlan
  ) -> [Int: Int] {
    let candidates = Dictionary(grouping: oldIndices) { Slot($0, in: old) }
    var found: [Int: Int] = [:]
    for (slot, indices) in Dictionary(grouping: newIndices, by: { Slot($0, in: new) }) {
      var byText = Dictionary(grouping: candidates[slot] ?? []) { old.tokens(of: old.encodings[$0]) }
      for index in indices {
        let tokens = new.tokens(of: new.encodings[index])
        guard let match = byText[tokens]?.first else { continue }
        byText[tokens]?.removeFirst()
        found[index] = match
      }
      let rest = byText.values.joined().sorted()
      for (index, match) in zip(indices.filter { found[$0] == nil }, rest) { found[index] = match }
    }
    return found
  }
}

/// Tells what differs between an encoding of one plan and of another.
///
/// Where positions are fixed, a place is part of what is seen. In compact contexts it follows from the texts ahead, which are
/// what changed.
private struct ContextComparison {
  let old: EncodingPlan
  let new: EncodingPlan

  private struct Text: Hashable {
    let path: ModulePath
    let tokens: [TokenID]
  }

  /// One text, at one place where that matters.
  private struct Sight: Hashable {
    let text: Int
    let place: Int?
  }

  /// A number for each encoding's text: equal texts in one module have equal numbers.
  private let oldTexts: [Int]
  private let newTexts: [Int]

  init(old: EncodingPlan, new: EncodingPlan) {
    self.old = old
    self.new = new
    var numbers: [Text: Int] = [:]
    func texts(of plan: EncodingPlan) -> [Int] {
      plan.encodings.map { encoding in
        let path = plan.layout.modules[plan.layout.module(of: encoding.item)].path
        let text = Text(path: path, tokens: plan.tokens(of: encoding))
        let number = numbers[text, default: numbers.count]
        numbers[text] = number
        return number
      }
    }
    oldTexts = texts(of: old)
    newTexts = texts(of: new)
  }

  func reason(from oldIndex: Int, to newIndex: Int) -> SchemaDiff.Reason {
    let before = old.encodings[oldIndex]
    let after = new.encodings[newIndex]
    if oldTexts[oldIndex] != newTexts[newIndex] { return .textChanged }
    let isFixed = old.layout.kind == .fixed && new.layout.kind == .fixed
    if isFixed, before.isIsolated == after.isIsolated, before.start != after.start {
      return .moved(by: after.start - before.start)
    }

    let oldContext = old.context(of: before)
    let newContext = new.context(of: after)
    var causes = changes(from: oldContext, to: newContext, isPlaced: isFixed)
    if causes.isEmpty, old.layout.kind != new.layout.kind, before.start != after.start {
      return .moved(by: after.start - before.start)
    }
    if causes.isEmpty {
      // The same text at the same places, encoded otherwise: a module's attention changed.
      let digests = Set(oldContext.map { old.encodings[$0.encoding].digest })
      causes = paths(of: newContext.filter { !digests.contains(new.encodings[$0.encoding].digest) }, in: new)
    }
    // The same in another order.
    if causes.isEmpty { causes = changes(from: oldContext, to: newContext, isPlaced: true) }
    var known: Set<ModulePath> = []
    return .contextChanged(in: causes.filter { known.insert($0).inserted })
  }

  /// Modules of what only one of two contexts has.
  private func changes(from old: [ContextEntry], to new: [ContextEntry], isPlaced: Bool) -> [ModulePath] {
    func sight(_ entry: ContextEntry, _ texts: [Int]) -> Sight {
      Sight(text: texts[entry.encoding], place: isPlaced ? entry.place : nil)
    }
    let seenBefore = Set(old.map { sight($0, oldTexts) })
    let seenAfter = Set(new.map { sight($0, newTexts) })
    let come = new.filter { !seenBefore.contains(sight($0, newTexts)) }
    let gone = old.filter { !seenAfter.contains(sight($0, oldTexts)) }
    return paths(of: come, in: self.new) + paths(of: gone, in: self.old)
  }

  private func paths(of entries: [ContextEntry], in plan: EncodingPlan) -> [ModulePath] {
    entries.map { plan.layout.modules[plan.layout.module(of: plan.encodings[$0.encoding].item)].path }
  }
}
