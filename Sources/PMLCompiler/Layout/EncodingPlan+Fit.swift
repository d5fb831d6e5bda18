internal import FileSystem

extension EncodingPlan {
  /// Reports texts of a compact schema that the model has no positions for together with what they see. (A fixed layout
  /// is checked as a whole.)
  ///
  /// - Parameter limits: of the model's positions.
  /// - Parameter sources: where the schema's parts stand in its file, if it has one.
  /// - Returns: errors, one a module, in document order; those of scaffolds last.
  public func problems(within limits: ContextLimits, sources: SchemaSourceMap?) -> [Diagnostic] {
    guard layout.kind == .compact else { return [] }
    let longest = limits.positions(isExtended: layout.isExtended)
    var reported: Set<Int> = []
    return encodings.compactMap { encoding in
      let module = layout.module(of: encoding.item)
      let tokens = tokenCount(of: encoding)
      let seen = encoding.start + beginningCount(of: encoding)
      guard tokens + seen > longest, reported.insert(module).inserted else { return nil }
      let path = layout.modules[module].path
      let problem = LayoutProblem.textDoesNotFit(
        of: path == .root ? nil : path, tokens: tokens, seen: seen, contextLength: longest,
        together: encoding.scaffold.map { layout.scaffolds[$0].map { layout.modules[$0].path } })
      let file = sources?.file ?? FilePath(layout.schema)
      return problem.diagnostic(in: file, at: sources?.names[path])
    }
  }

  /// Positions ahead of position 0: that on which an isolated module rests.
  private func beginningCount(of encoding: Encoding) -> Int {
    let rests = layout.beginOfSequence != nil || layout.restToken != nil
    return encoding.isIsolated && layout.module(of: encoding.item) != 0 && rests ? 1 : 0
  }
}
