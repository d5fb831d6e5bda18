import ArgumentParser
import CommandSupport
import PromptCache

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a schema's layout, or a prompt's: positions, tokens, contexts, bytes. Or what a model is.",
    discussion: """
      Of a prompt: what is read from the store, what is computed, what stays empty, and whose turn each part is in. \
      What has more positions than the model is shown all the same, behind the error.

      Bytes are those of the states themselves; `store ls` counts the whole pages that they take in the store's file.

      With a model alone: its family, sizes, number formats, context, chat template and how its parts were found, and the \
      bytes that a token's states take. Its weights are not read.
      """)

  @Argument(
    help: ArgumentHelp(
      "A schema, what `compile` made of one (.pmlir), or a prompt. Without it, the model of --model, or $PMLC_MODEL.",
      valueName: "document"))
  var document: FilePath?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The schema of the prompt. Without it, its newest version in the store.", valueName: "file"))
  var schema: FilePath?

  @OptionGroup var askOption: AskOption

  @Flag(help: "Print a JSON object in place of tables.")
  var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Also write a page that draws the layout; `-` prints it in place of the tables.", valueName: "file"))
  var html: FilePath?

  @Flag(help: "Also list the joint encodings that the store has of prompts of this schema.")
  var joint = false

  @Flag(help: "Also list the modules of libraries, not their number and sizes alone.")
  var documents = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    try [document, schema].compactMap { $0 }.validateInputs()
    if json, html?.isStandardStream == true { throw ValidationError("--json does not go with --html -") }
    guard document == nil else { return }
    if documents { throw ValidationError("--documents is about a schema's libraries: name the schema") }
    if joint { throw ValidationError("--joint is about a schema's prompts: name the schema") }
    if html != nil { throw ValidationError("--html draws a layout: name a schema or a prompt") }
    if schema != nil { throw ValidationError("--schema is a prompt's: name the prompt") }
    if askOption.ask != nil { throw ValidationError("--ask is for a prompt: name the prompt") }
    if modelOptions.path == nil { throw ValidationError("name a schema or a prompt, or a model with --model") }
  }

  func run() throws {
    let model = try modelOptions.load()
    guard let document else {
      let report = try model.report()
      return try show(text: report.text, json: { try Results.json(report) })
    }
    let source = try SourceFile.read(document)
    if PML.rootKind(of: source) == .prompt {
      if documents || joint {
        throw ValidationError("--\(joint ? "joint" : "documents") is about a schema, and this is a prompt")
      }
      try showPrompt(source, for: model)
    } else {
      if schema != nil { throw ValidationError("--schema is a prompt's, and this is a schema") }
      if askOption.ask != nil { throw ValidationError("--ask is for a prompt, and this is a schema") }
      try showSchema(source, for: model)
    }
  }

  private func showSchema(_ source: SourceFile, for model: LoadedModel) throws {
    let found = try LaidOut(model.compile(schemaOrLowered: source), orIn: model) {
      try $0.compile(schemaOrLowered: source)
    }
    let schema = found.value
    var report = LayoutReport(of: schema.schema, plan: schema.plan, formats: model.stateFormats)
    report.model = (model.name, model.tokenizer.contextLength)
    report.documents = schema.libraryDocuments
    report.listsDocuments = documents
    let combinations = joint ? try combinations(of: schema, for: model) : []
    if joint { report.joint = combinations.map(\.inReport) }
    let table = joint ? "\n" + (combinations.isEmpty ? "no joint encodings\n" : combinations.table.text) : ""
    try show(text: report.text + table, html: report.html) { try Results.json(report.json + [UInt8(ascii: "\n")]) }
    try found.end()
  }

  private func showPrompt(_ source: SourceFile, for model: LoadedModel) throws {
    let session = try storeOptions.session(model, access: schema == nil ? .reading : .readingIfThere)
    var doesNotFit = false
    let warmed: WarmedSchema
    if let path = schema {
      let source = try SourceFile.read(path)
      let found = try LaidOut(model.compile(schema: source), orIn: model) { $0.compile(schema: source) }
      doesNotFit = !found.fits
      warmed = try session.schema(found.value, as: nil)
    } else {
      warmed = try session.schema(named: model.schemaName(of: source).shown(), as: nil)
      DocumentFiles.warnOfChanges(since: warmed, in: session)
    }
    let fitting = doesNotFit ? model.withoutContextLimit : model
    let turns = askOption.turns
    let found = try LaidOut(fitting.compile(prompt: source, of: warmed.schema, turns: turns), orIn: model) {
      $0.compile(prompt: source, of: warmed.schema, turns: turns)
    }
    let prompt = found.fits && !doesNotFit ? try session.findDocuments(for: found.value, of: warmed) : found.value
    let report = prompt.report(for: model)
    try show(text: report.text, html: report.html) { try Results.json(report.json + [UInt8(ascii: "\n")]) }
    try found.end()
    if doesNotFit { throw ExitCode.badInput }
  }

  private func show(text: String, html page: [UInt8]? = nil, json writeJSON: () throws -> Void) throws {
    if let html, let page {
      try write(page, to: html)
      if html.isStandardStream { return }
    }
    if json { try writeJSON() } else { try Results.text(text) }
  }

  /// What the store has, if there is one.
  private func combinations(of schema: PlannedSchema, for model: LoadedModel) throws -> [JointCombination] {
    let session = try storeOptions.session(model, access: .readingIfThere)
    return try session.jointCombinations(of: schema.name)
  }
}
