import ContentHash
import PMLCompiler
import Testing

/// The digests of a prompt's joint encodings, and which encodings of a schema's plan are exact in it.
@Suite struct JointChainTests {
  private let layouts = PromptLayoutTests()

  private func lay(
    _ prompt: Prompt, on schema: Schema
  ) throws -> (layout: PromptLayout, plan: EncodingPlan) {
    let (layout, plan, _) = try layouts.lay(prompt, on: schema)
    return (try #require(layout), plan)
  }

  /// The definition, written out: an encoding for each part, in the context of all parts before it.
  private func digests(_ parts: [PromptLayout.Part]) -> [SHA256Digest] {
    var digests: [SHA256Digest] = []
    var context = SHA256Digest(of: "prompt-cache context 1")
    for part in parts {
      var hasher = SHA256Hasher()
      hasher.update("prompt-cache encoding 1")
      hasher.update(context)
      hasher.update(part.start)
      hasher.update(part.tokens.count)
      let words = part.tokens.map(\.littleEndian)
      unsafe hasher.update(bytes: words.span.bytes)
      let digest = hasher.finalize()
      digests.append(digest)
      var next = SHA256Hasher()
      next.update(context)
      next.update(digest)
      next.update(part.start)
      context = next.finalize()
    }
    return digests
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func eachSeesAllInFrontOfIt(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    for modules in Presence.prompts(of: schema.nodes).prefix(20) {
      let references = modules.map { ($0.description, [String: String]()) }
      let (layout, plan) = try lay(layouts.prompt(references, [layouts.end("new")]), on: schema)
      let chained = layout.parts.prefix { part in
        guard case .schema(let item) = part.content else { return false }
        return plan.layout.modules[plan.layout.module(of: item)].isCached
      }
      #expect(layout.chain.digests == digests(Array(chained)))
      // The new text ends every chain, and nothing is left out in front of it.
      #expect(layout.parts.last?.content == .ending(.document))
    }
  }

  /// An encoding of the plan that is exact, and stands where it was encoded, is the joint one; others are not.
  @Test(arguments: 0..<60 as Range<UInt64>) func whatThePlanSeesAlikeIsTheSame(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    for modules in Presence.prompts(of: schema.nodes).prefix(20) {
      let references = modules.map { ($0.description, [String: String]()) }
      let (layout, plan) = try lay(layouts.prompt(references, [layouts.end("new")]), on: schema)
      var sight = ExactSight(of: layout, in: plan)
      for (index, digest) in layout.chain.digests.enumerated() {
        guard let use = layout.parts[index].encoding else { continue }
        let encoding = plan.encodings[use]
        let isExact = sight.isExact(use, at: index)
        if encoding.digest == digest { #expect(isExact) }
        let seesFill = plan.layout.parameters.contains { !$0.standIn.isEmpty || $0.fillCount > 0 }
        if isExact, encoding.start == layout.parts[index].start, !encoding.isIsolated, !seesFill {
          #expect(encoding.digest == digest)
        }
      }
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>) func uncachedTextEndsAChain(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    for modules in Presence.prompts(of: schema.nodes).prefix(20) {
      let references = modules.map { ($0.description, [String: String]()) }
      let (layout, plan) = try lay(layouts.prompt(references, [layouts.end("new")]), on: schema)
      let first = layout.parts.firstIndex { part in
        guard case .schema(let item) = part.content else { return true }
        return !plan.layout.modules[plan.layout.module(of: item)].isCached
      }
      #expect(layout.chain.digests.count == first)
    }
  }

  /// Prompts that begin alike have the beginnings of their chains in common, each encoding once.
  @Test func aPlanHasWhatBeginsAlikeOnce() throws {
    let schema = RandomSchema.schema(seed: 7)
    let prompts = try Presence.prompts(of: schema.nodes).prefix(12).map { modules in
      try lay(
        layouts.prompt(modules.map { ($0.description, [String: String]()) }, [layouts.end("new")]), on: schema)
    }
    let plan = JointPlan(of: prompts.map(\.layout), on: prompts.map(\.plan.layout))
    let digests = plan.indices.map(plan.digest(of:))
    #expect(Set(digests) == Set(prompts.flatMap(\.layout.chain.digests)) && Set(digests).count == digests.count)
    for index in plan.indices {
      let context = plan.context(of: index)
      #expect(context.count == plan.depth(of: index) && context.allSatisfy { $0.encoding < index })
      #expect(context.last?.encoding == plan.previous(of: index))
      #expect(context.allSatisfy { $0.place == plan.start(of: $0.encoding) })
    }
    #expect(plan.combinations >= 1 && plan.combinations <= prompts.count)
  }
}

/// By the definition, from the outside: an encoding is exact if it saw the prompt's tokens before it, and these did.
@Suite struct ExactSightTests {
  private let layouts = PromptLayoutTests()

  /// Whether `encoding` saw what stands at the front of `parts`, each as far ahead of it, and so did all of these.
  private func saw(_ plan: EncodingPlan, _ encoding: Int, _ parts: ArraySlice<PromptLayout.Part>) -> Bool {
    guard let part = parts.last else { return false }
    let context = plan.context(of: plan.encodings[encoding])
    guard plan.tokens(of: plan.encodings[encoding]) == part.tokens, context.count == parts.count - 1 else {
      return false
    }
    return context.indices.allSatisfy { index in
      let distance = plan.encodings[encoding].start - context[index].place
      return distance == part.start - parts[index].start
        && saw(plan, context[index].encoding, parts[...index])
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>) func countsWhatSawAllThatStandsThere(seed: UInt64) throws {
    let schema = RandomSchema.schema(seed: seed)
    for modules in Presence.prompts(of: schema.nodes).prefix(20) {
      let references = modules.map { ($0.description, [String: String]()) }
      let (found, plan, _) = try layouts.lay(layouts.prompt(references, [layouts.end("new")]), on: schema)
      let layout = try #require(found)
      var sight = ExactSight(of: layout, in: plan)
      for (index, part) in layout.parts.enumerated() {
        guard let encoding = part.encoding, index < 12 else { continue }
        let isExact = sight.isExact(encoding, at: index)
        #expect(isExact == saw(plan, encoding, layout.parts[...index]))
      }
    }
  }
}
