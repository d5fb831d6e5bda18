import ArgumentParser
import CommandSupport
import PromptCache

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the tokens of a text, as a model reads them.",
    discussion: """
      The text is one run, as between two tags of a document: what spells a special token stays text. Each token has a line: its \
      number and its text, with what would act on a terminal, or not be seen, written as an escape.
      """)

  @Argument(help: ArgumentHelp("A text file in UTF-8, `-` for standard input.", valueName: "file"))
  var file: FilePath?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The text itself, in place of a file.", valueName: "text"),
    transform: RawArguments.text)
  var text: String?

  @Flag(help: "Print the number of tokens alone.")
  var count = false

  @Flag(help: "Print a JSON array in place of lines.")
  var json = false

  @OptionGroup var model: ModelOption

  func validate() throws {
    if (file == nil) == (text == nil) { throw ValidationError("a file or --text is needed") }
    if json, count { throw ValidationError("--json does not go with --count") }
  }

  func run() throws {
    let tokenizer = try LoadedModel(at: model.path).tokenizer
    let tokens = tokenizer.tokens(of: try text ?? read())
    if count { return try Results.line("\(tokens.count)") }
    let pieces = tokens.map { Piece(id: $0, text: tokenizer.pieceText(of: $0)) }
    if json { return try Results.json(pieces) }
    let width = tokens.map { String($0).count }.max() ?? 0
    for piece in pieces {
      let number = String(piece.id)
      try Results.line(
        String(repeating: " ", count: width - number.count) + number + "  " + piece.text.quoted(limit: .max))
    }
  }

  private func read() throws -> String {
    guard let file else { return "" }
    let bytes = try SourceFile.read(file).bytes
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw UnreadableDocument(file, .input, "it is not UTF-8")
    }
    return text
  }
}

/// A token of a text.
private struct Piece: Encodable {
  let id: Int32
  let text: String
}
