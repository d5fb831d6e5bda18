internal import PMLCompiler

/// A schema and a prompt of about as many tokens as a benchmark asks for.
///
/// The schema is a row of modules as long as a passage, and the prompt imports all of them, as with real documents.
struct BenchmarkDocuments {
  /// The schema's document.
  let schema: String
  /// The prompt's document.
  let prompt: String

  /// Tokens of a module, about.
  private static let passageTokens = 200

  /// - Parameters:
  ///   - cached: tokens of the modules together, at most (but one sentence at least).
  ///   - new: tokens of the new text, at most (but one sentence at least).
  init(cached: Int, new: Int, tokenizer: ModelTokenizer) {
    var writer = Sentences(tokenizer: tokenizer)
    var passages: [String] = []
    var left = cached
    while left > 0 {
      let passage = writer.text(ofAtMost: min(left, Self.passageTokens))
      if passage.tokens > left, !passages.isEmpty { break }
      passages.append(passage.text)
      left -= passage.tokens
    }
    let question = writer.text(ofAtMost: new).text
    let program = PromptProgram("benchmark") {
      for (number, passage) in passages.enumerated() {
        Part("passage-\(number + 1)") { passage }
      }
      NewText(question)
    }
    schema = program.schema
    prompt = program.prompt
  }
}

/// Writes sentences, no two of them alike.
private struct Sentences {
  let tokenizer: ModelTokenizer
  private var number = 0

  private static let subjects = ["The harbour", "A committee", "Their archive", "Our northern station", "The old mill"]
  private static let verbs = ["recorded", "delivered", "counted", "returned", "accepted"]
  private static let objects = ["parcels", "visitors", "letters", "complaints", "measurements"]

  init(tokenizer: ModelTokenizer) { self.tokenizer = tokenizer }

  /// Sentences that have no more than `limit` tokens together, or one.
  mutating func text(ofAtMost limit: Int) -> (text: String, tokens: Int) {
    var text = next()
    var tokens = tokenizer.tokens(of: text).count
    while true {
      let before = number
      let longer = text + next()
      let count = tokenizer.tokens(of: longer).count
      guard count <= limit else {
        number = before
        return (text, tokens)
      }
      (text, tokens) = (longer, count)
    }
  }

  private mutating func next() -> String {
    defer { number += 1 }
    let (subject, verb, object) = (number % 5, number / 5 % 5, number / 25 % 5)
    return "\(Self.subjects[subject]) \(Self.verbs[verb]) \(number + 2) \(Self.objects[object]). "
  }
}
