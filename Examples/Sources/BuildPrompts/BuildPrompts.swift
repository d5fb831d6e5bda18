import ArgumentParser
import PromptCache

/// Writes the schema and its prompts in Swift instead of PML.
///
///     swift run -c release --package-path Examples BuildPrompts STORE
@main struct BuildPrompts: AsyncParsableCommand {
  @Argument(help: "The store's folder; made if it is missing.") var store: String

  /// What can be in a prompt is the schema; what the values choose is in the prompt.
  private static func plans(_ city: String, for days: String, question: String) -> PromptProgram {
    PromptProgram("plans") {
      "Answer the question from the documents.\n\n"
      Choose(city) {
        Alternative("norville") {
          "# Norville\nNorville is a town by the sea. The mayor of Norville is Henje Mursti.\n\n"
        }
        Alternative("kadale") { "# Kadale\nKadale is a town in the hills. The mayor of Kadale is Kerti Zavon.\n\n" }
      }
      Part("trip") {
        "# Trip plan\nThe trip lasts "
        Parameter("duration", length: 6, placeholder: "3 days", argument: days)
        ". The trip is led by Sabra Lude.\n\n"
      }
      NewText("Question: \(question)\nAnswer:")
    }
  }

  func run() async throws {
    let session = try CacheSession(model: LoadedModel(at: nil), storeAt: FilePath(store))
    // The schema is the same whatever the values are, so it is warmed once.
    let schema = try session.warm(
      SourceFile(path: "plans", text: Self.plans("norville", for: "1 day", question: "").schema))

    for (city, days, question) in [
      ("norville", "12 days", "How long does the trip last?"), ("kadale", "5 days", "How long does the trip last?"),
      ("kadale", "5 days", "Who is the mayor of Kadale?"),
    ] {
      let program = Self.plans(city, for: days, question: question)
      let answer = try session.generate(
        from: SourceFile(path: "prompt", text: program.prompt), of: schema, options: .init(maximumTokens: 24))
      print("\(question)\(try await answer.completion().text)")
    }
  }
}
