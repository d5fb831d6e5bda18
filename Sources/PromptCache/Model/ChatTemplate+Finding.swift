internal import Engine
internal import FoundationEssentials
internal import PMLCompiler
internal import Tokenizers

extension ChatTemplate {
  /// The template called `name`, or in the file of that path; without a name, the one whose marks the model's own
  /// template holds.
  static func find(
    named name: String?, files: some ModelFiles, tokenizer: ModelTokenizer
  ) throws(PromptCacheError) -> ChatTemplate {
    guard let name else { return try detect(in: files, tokenizer: tokenizer) }
    if let template = ChatTemplate.named(name) { return template }
    guard let data = FileManager.default.contents(atPath: name) else {
      throw .unknownChatTemplate(name, known: ChatTemplate.names)
    }
    do throws(ChatTemplateError) {
      return try ChatTemplate(json: Array(data))
    } catch {
      throw .badChatTemplate(path: name, problem: error.description)
    }
  }

  private static func detect(
    in files: some ModelFiles, tokenizer: ModelTokenizer
  ) throws(PromptCacheError) -> ChatTemplate {
    let file = try withEngineErrors { () throws(EngineError) in try files.file("chat_template.jinja") }
    let text = tokenizer.tokenizer.chatTemplate ?? file.map { String(decoding: $0.array, as: UTF8.self) }
    return text.flatMap(detected(in:)) ?? .plain
  }
}
