/// A chat template: a program in Jinja that writes a conversation as a model was trained to read it.
///
/// The language is Jinja 3.1 as `transformers` runs it (`trim_blocks`, `lstrip_blocks`, loop controls, `generation` blocks, an
/// immutable sandbox), without what needs other templates: `extends`, `include`, `import`, `block`. Strings, lists and
/// mappings behave as Python's. Rendering is bounded, and reads neither files nor the clock unless it is given one.
public struct Template: Sendable {
  private let statements: [Statement]

  /// Reads a template.
  ///
  /// - Throws: `TemplateError.syntax`.
  public init(_ source: String) throws(TemplateError) {
    var parser = try Parser(source)
    statements = try parser.parse()
  }

  /// Writes the template's text for these variables.
  ///
  /// - Parameters:
  ///   - limits: how much it may do.
  ///   - clock: the time now in a format of strftime(3), which `strftime_now` gives; that is undefined without it.
  /// - Throws: `TemplateError.refused` where the template calls `raise_exception`; `.failed` for what cannot be done;
  ///   `.tooManySteps`, `.tooLong`.
  public func render(
    _ variables: [String: TemplateValue], limits: RenderingLimits = RenderingLimits(),
    clock: (@Sendable (_ format: String) -> String)? = nil
  ) throws(TemplateError) -> TracedText {
    let interpreter = Interpreter(limits: limits)
    Globals.define(in: interpreter.root, clock: clock)
    for (name, value) in variables { interpreter.root.set(name, to: Value(value)) }
    return try interpreter.run(statements)
  }
}
