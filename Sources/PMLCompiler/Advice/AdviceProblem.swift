internal import Failure

/// What a schema's design costs models that were not trained for it.
enum AdviceProblem {
  /// Text behind a module beside it that some prompts import, so that it is encoded without.
  case textBehind(ModulePath, tokens: Int)
  /// An isolated module in one that no prompt imports it without; so many tokens of that one's stand ahead.
  case isolatedInside(ModulePath, tokensAhead: Int, others: Int)
  /// An isolated module that goes on with a sentence.
  case isolatedInSentence(ModulePath)
  /// A parameter of a fixed schema with more positions than its own texts take.
  case parameterSlack(String, attribute: String, tokens: Int, length: Int)
  /// Positions of a fixed schema that prompts may leave empty ahead of a module.
  case gap(positions: Int, ahead: ModulePath)
  /// Members of a union in a fixed schema that leave positions empty ahead of what follows.
  case unevenUnion(positions: Int, shortest: ModulePath)
}

extension AdviceProblem: Problem {
  var report: Report {
    switch self {
    case .textBehind(let module, let tokens):
      Report(
        code: .textBehindModules, severity: .warning,
        message: "\(counted(tokens, "token")) of text behind module \(module.description.quoted()) "
          + (tokens == 1 ? "is" : "are") + " encoded without seeing it, since prompts may leave it out",
        help: "move the text ahead of what it talks about, into the prompts, or into a module with `cache=\"false\"`, "
          + "which is computed with all in sight")
    case .isolatedInside(let module, let tokens, let others):
      Report(
        code: .isolatedDependent, severity: .warning,
        message: "module \(module.description.quoted()) is isolated: it does not see the \(counted(tokens, "token")) "
          + "ahead of it in the module around it, though no prompt has it without them"
          + (others == 0 ? "" : "; neither \(others == 1 ? "does" : "do") \(counted(others, "other module"))"),
        help: "leave out `attention=\"isolated\"` where a module needs what stands around it")
    case .isolatedInSentence(let module):
      Report(
        code: .isolatedDependent, severity: .warning,
        message: "module \(module.description.quoted()) is isolated, but goes on with a sentence that it does not see",
        help: "begin it with a sentence of its own, or write `attention=\"context\"`")
    case .parameterSlack(let name, let attribute, let tokens, let length):
      Report(
        code: .parameterSlack, severity: .warning,
        message: "parameter \(name.quoted()) takes \(counted(length, "position")), its `\(attribute)` fills \(tokens)",
        help: "lower `length` to what arguments need, or leave out `positions=\"fixed\"`: a compact schema has no "
          + "empty positions")
    case .gap(let positions, let module):
      Report(
        code: .emptyPositions, severity: .warning,
        message: "prompts that leave modules out have up to \(counted(positions, "empty position")) "
          + "ahead of module \(module.description.quoted())",
        help: "leave out `positions=\"fixed\"`, unless the model was trained for gaps")
    case .unevenUnion(let positions, let shortest):
      Report(
        code: .unevenUnion, severity: .warning,
        message: "behind member \(shortest.description.quoted()) of this union "
          + "\(counted(positions, "position")) stay empty",
        help: "make its members equally long, put the union last, or leave out `positions=\"fixed\"`")
    }
  }
}
