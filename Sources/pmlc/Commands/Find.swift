import ArgumentParser
import CommandSupport
import Foundation
import PromptCache

struct Find: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find the modules of a library that suit a question.",
    discussion: """
      By BM25 of their text, as a prompt's `top` finds them. All of the question is words: quotes and operators mean nothing. \
      A schema's name looks into its newest version in the store; a schema's file needs no store, but its modules are indexed \
      anew each time unless the store has the index.
      """)

  @Argument(help: ArgumentHelp("A schema's file, or the name of one in the store.", valueName: "schema"))
  var schema: FilePath

  @Argument(help: ArgumentHelp("The question.", valueName: "query"), transform: RawArguments.text)
  var query: String

  @Option(help: ArgumentHelp("The library. Without it, the only one that the schema has.", valueName: "name"))
  var library: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("Modules at most.", valueName: "k"))
  var top = 10

  @Flag(help: "Print a JSON object in place of a table.")
  var json = false

  @OptionGroup var modelOptions: ModelOptions
  @OptionGroup var storeOptions: NamespaceInStore

  func validate() throws {
    if top < 1 { throw ValidationError("--top takes 1 or more") }
  }

  func run() throws {
    let model = try modelOptions.load()
    let isFile = try schema.isStandardStream || FileStatus(of: schema) != nil
    let session = try storeOptions.session(model, access: isFile ? .readingIfThere : .reading)
    let planned =
      isFile
      ? try Documents.schemas([schema], in: session)[0] : try session.schema(named: schema.description).schema
    let library = try planned.library(named: library)
    let found = try session.find(query, in: library.name, of: planned, count: top)
    if json {
      try Results.json(Found(schema: planned.name, library: library.name, query: query, modules: found))
    } else if found.isEmpty {
      Notes.line("no module of `\(library.name)` has a word of the question")
    } else {
      var table = Table(["score", "tokens", "module"])
      for document in found {
        table.append([String(format: "%.3f", document.score), "\(document.tokens)", document.path.description])
      }
      try Results.text(table.text)
    }
  }

  private struct Found: Encodable {
    let schema: String
    let library: String
    let query: String
    let modules: [Module]

    struct Module: Encodable {
      let path: String
      let tokens: Int
      let score: Double
    }

    init(schema: String, library: String, query: String, modules: [FoundDocument]) {
      self.schema = schema
      self.library = library
      self.query = query
      self.modules = modules.map { Module(path: $0.path.description, tokens: $0.tokens, score: $0.score) }
    }
  }
}
