/// Tells which encodings of a plan have seen exactly what stands in front of them in a prompt.
///
/// Such an encoding's states are those of plain inference over the prompt's tokens, whatever place it was encoded at: it saw
/// as many tokens as are present before it, the same ones, each as far ahead, and each in an encoding of which this is true.
public struct ExactSight {
  private let plan: EncodingPlan
  private let parts: [PromptLayout.Part]
  /// Whether the context that ends with a link is what stands at the front of the prompt.
  private var links: [ContextTree.Context: Bool] = [:]

  /// - Parameters:
  ///   - layout: laid on the schema of `plan`.
  ///   - plan: the encodings of that schema.
  public init(of layout: PromptLayout, in plan: EncodingPlan) {
    self.plan = plan
    parts = layout.parts
  }

  /// Whether an encoding, an index into the plan's, saw what stands in front of a part, an index into the prompt's, and
  /// is of its tokens.
  public mutating func isExact(_ encoding: Int, at part: Int) -> Bool {
    let (context, start) = (plan.encodings[encoding].context, plan.encodings[encoding].start)
    // As long a context, before it is walked: few have one.
    guard plan.contexts.count(of: context) == part,
      plan.tokens(of: plan.encodings[encoding]) == parts[part].tokens
    else { return false }
    guard part > 0 else { return true }
    let ahead = start - plan.contexts.links[context.link].start
    return ahead == parts[part].start - parts[0].start && isAtFront(context)
  }

  private mutating func isAtFront(_ context: ContextTree.Context) -> Bool {
    var pending: [ContextTree.Context] = []
    var known = true
    var last = context
    while last != .empty {
      if let found = links[last] {
        known = found
        break
      }
      pending.append(last)
      last = plan.contexts.links[last.link].before
    }
    // From the front on, so that what an entry saw has mostly been looked at before.
    for context in pending.reversed() {
      let link = plan.contexts.links[context.link]
      let part = link.count - 1
      known =
        known && link.entry.place - link.start == parts[part].start - parts[0].start
        && isExact(link.entry.encoding, at: part)
      links[context] = known
    }
    return known
  }
}
