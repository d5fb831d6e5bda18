import PMLCompiler
import PromptCache

/// Answers questions about the handbook from states that are computed once.
///
///     swift run -c release --package-path Examples Ask SCHEMA STORE PROMPT…
@main struct Ask {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count >= 3 else { return print("usage: Ask SCHEMA STORE PROMPT…") }

    // A Hugging Face folder in place of `nil` loads another model than the small one that ships.
    let session = try CacheSession(model: LoadedModel(at: nil), storeAt: arguments[2])
    // Computes what the store lacks: everything the first time, nothing the second, what changed after an edit.
    let handbook = try session.warm(.read(arguments[1]))

    for path in arguments.dropFirst(2) {
      let options = GenerationOptions(maximumTokens: 24)
      for try await event in try session.generate(from: .read(path), of: handbook, options: options) {
        switch event {
        case .token: break
        case .text(let piece): print(piece, terminator: "")
        case .finish(let answer):
          print(" (\(answer.usage.cachedTokens) of \(answer.usage.promptTokens) tokens from the store)")
        }
      }
    }
  }
}
