import Foundation
import PromptCache

/// What `run --json` prints: an answer, with the modules of libraries that were found for its prompt.
struct AnsweredPrompt: Encodable {
  /// The prompt's path, where there are several.
  let path: String?
  let prompt: PlannedPrompt
  let completion: Completion

  private struct Module: Encodable {
    let path: String
    let start: Int
    let tokens: Int
    let score: Double?
  }

  private enum CodingKeys: String, CodingKey {
    case prompt, modules
  }

  func encode(to encoder: any Encoder) throws {
    try completion.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(path, forKey: .prompt)
    guard prompt.looksForDocuments else { return }
    try container.encode(
      prompt.foundDocuments.map { document in
        Module(path: document.path.description, start: document.start, tokens: document.tokens, score: document.score)
      }, forKey: .modules)
  }
}

extension PromptDocument {
  /// What was taken, for people.
  var summary: String {
    "found `\(path)`: \(tokens) tokens" + (score.map { String(format: ", score %.3g", $0) } ?? "")
  }
}
