internal import Engine
internal import FileSystem
internal import PMLCompiler
internal import Tokenizers

extension FoundTemplate {
  /// The most bytes that a template's file may have.
  private static let longestFile = 1 << 20

  /// The template called `name`, or in the file of that path; without a name, the model's own.
  static func find(
    named name: String?, files: some ModelFiles, tokenizer: ModelTokenizer
  ) throws(PromptCacheError) -> FoundTemplate {
    guard let name else { return try ofModel(files, tokenizer) }
    if let template = ChatTemplate.named(name) { return FoundTemplate(given: template) }
    let path = FilePath(name)
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try Input.read(path, atMost: longestFile + 1)
    } catch {
      throw .unknownChatTemplate(name, known: ChatTemplate.names)
    }
    guard bytes.count <= longestFile else { throw .badChatTemplate(path: name, problem: "it is larger than 1 MiB") }
    if path.hasSuffix(".jinja") { return rendering(bytes, tokenizer) }
    do throws(ChatTemplateError) {
      return FoundTemplate(given: try ChatTemplate(json: bytes))
    } catch {
      throw .badChatTemplate(path: name, problem: error.description)
    }
  }

  private static func ofModel(
    _ files: some ModelFiles, _ tokenizer: ModelTokenizer
  ) throws(PromptCacheError) -> FoundTemplate {
    if let file = try withEngineErrors({ () throws(EngineError) in try files.file("chat_template.jinja") }) {
      return rendering(Array(file.array.prefix(longestFile + 1)), tokenizer)
    }
    guard let program = tokenizer.tokenizer.chatTemplate else { return .none }
    return rendering(Array(program.utf8.prefix(longestFile + 1)), tokenizer)
  }

  private static func rendering(_ program: [UInt8], _ tokenizer: ModelTokenizer) -> FoundTemplate {
    FoundTemplate(
      rendering: String(decoding: program, as: UTF8.self), specialTokens: tokenizer.tokenizer.namedTokens,
      beginOfSequence: tokenizer.beginOfSequenceText)
  }
}
