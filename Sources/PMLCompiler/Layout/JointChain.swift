public import ContentHash

/// The identities of a prompt's joint encodings.
///
/// A prompt's chain is what is present in front of its last new text, part by part: schema text, modules' text, arguments
/// and defaults, new text between them, up to the first text of a module with `cache="false"`. In its joint encoding each
/// part sees all those before it as they stand in the prompt, in their joint encodings, so together they equal plain
/// inference over the same tokens at the same positions.
///
/// The digests are made as those of a schema's plan are: where an encoding of the plan sees the same, it is the joint one,
/// and chains that begin alike have their beginnings in common.
public struct JointChain: Hashable, Sendable {
  /// One digest for each of the first parts of the prompt.
  public let digests: [SHA256Digest]

  init(of parts: [PromptLayout.Part], layout: SchemaLayout) {
    var digests: [SHA256Digest] = []
    var context = EncodingIdentity.emptyContext
    for part in parts.prefix(while: { $0.canBeJoint(in: layout) }) {
      let digest = EncodingIdentity.encoding(seeing: context, at: part.start, isExtended: layout.isExtended) {
        $0.update(tokens: part.tokens)
      }
      digests.append(digest)
      context = EncodingIdentity.context(context, appending: digest, at: part.start)
    }
    self.digests = digests
  }

  private init(_ digests: [SHA256Digest]) { self.digests = digests }

  /// The first `count` digests, or all if there are fewer.
  func prefix(_ count: Int) -> JointChain { JointChain(Array(digests.prefix(count))) }
}

extension PromptLayout.Part {
  fileprivate func canBeJoint(in layout: SchemaLayout) -> Bool {
    switch content {
    case .schema(let item): layout.modules[layout.module(of: item)].isCached
    case .newText, .ending: true
    }
  }
}
