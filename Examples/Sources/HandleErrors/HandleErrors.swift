import ArgumentParser
import PromptCache

/// Makes mistakes, and shows what there is to react to them and to explain them.
///
///     swift run -c release --package-path Examples HandleErrors STORE
@main struct HandleErrors: AsyncParsableCommand {
  @Argument(help: "The store's folder; made if it is missing.") var store: String

  func run() async throws {
    // Diagnostics come with the result; a document with errors has no value.
    let model = try LoadedModel(at: nil)
    let wrong = SourceFile(
      path: "menu.pml", text: "<schema name=\"menu\"><module nam=\"tea\">Tea.</module></schema>")
    let result = model.compile(schema: wrong)
    print(TextRenderer(sources: [wrong]).render(result.diagnostics), terminator: "")

    // `get` and the calls that take documents throw them.
    let session = try CacheSession(model: model, storeAt: FilePath(store))
    try explain { _ = try session.warm(wrong) }
    try explain { _ = try session.schema(named: "menu") }
    try explain { _ = try LoadedModel(at: "no/such/folder") }
    try explain { _ = try CacheSession(model: model, storeAt: "no/such/store", access: .reading) }

    // What is right is found as ever.
    let right = SourceFile(path: "menu.pml", text: "<schema name=\"menu\"><module name=\"tea\">Tea.</module></schema>")
    _ = try session.warm(right)
    print("warmed version \(try session.schema(named: "menu").version ?? 0)")
  }

  /// Every error has a category, to react by, a message, and remedies as data, for words of one's own.
  private func explain(_ body: () throws -> Void) rethrows {
    do {
      try body()
    } catch let error as any CategorizedError {
      switch error.category {
      case .input: print("input: \(error.message.prefix { $0 != "\n" })")
      case .notFound: print("not found: \(error.message)")
      case .busy: print("try again later: \(error.message)")
      case .resources, .damaged, .cancelled, .own: print("\(error.category): \(error.message)")
      }
      for remedy in error.remedies { print("  \(remedy)") }
    }
  }
}
