internal import Engine
internal import FileSystem
internal import PMLCompiler
internal import Tokenizers

/// A model's chat template in its two uses: as parts around roles, and as what writes whole conversations.
struct ModelTemplate {
  let found: FoundTemplate
  let conversations: ConversationTemplate

  /// The most bytes that a template's file may have.
  private static let longestFile = 1 << 20

  /// The template called `name`, or in the file of that path; without a name, the model's own.
  static func find(
    named name: String?, files: some ModelFiles, tokenizer: ModelTokenizer
  ) throws(PromptCacheError) -> ModelTemplate {
    guard let name else { return try ofModel(files, tokenizer) }
    if let template = ChatTemplate.named(name) { return ModelTemplate(.init(given: template), tokenizer) }
    let path = FilePath(name)
    let bytes: [UInt8]
    do throws(SystemFailure) {
      bytes = try Input.read(path, atMost: longestFile + 1)
    } catch {
      throw .unknownChatTemplate(name, known: ChatTemplate.names)
    }
    guard bytes.count <= longestFile else { throw .badChatTemplate(path: name, problem: "it is larger than 1 MiB") }
    if path.hasSuffix(".jinja") { return ModelTemplate(rendering: bytes, tokenizer) }
    do throws(ChatTemplateError) {
      return ModelTemplate(FoundTemplate(given: try ChatTemplate(json: bytes)), tokenizer)
    } catch {
      throw .badChatTemplate(path: name, problem: error.description)
    }
  }

  private static func ofModel(
    _ files: some ModelFiles, _ tokenizer: ModelTokenizer
  ) throws(PromptCacheError) -> ModelTemplate {
    if let file = try withEngineErrors({ () throws(EngineError) in try files.file("chat_template.jinja") }) {
      return ModelTemplate(rendering: Array(file.array.prefix(longestFile + 1)), tokenizer)
    }
    guard let program = tokenizer.tokenizer.chatTemplate else { return ModelTemplate(.none, tokenizer) }
    return ModelTemplate(rendering: Array(program.utf8.prefix(longestFile + 1)), tokenizer)
  }

  private init(rendering program: [UInt8], _ tokenizer: ModelTokenizer) {
    let program = TemplateProgram(String(decoding: program, as: UTF8.self))
    found = FoundTemplate(
      rendering: program, specialTokens: tokenizer.tokenizer.namedTokens,
      beginOfSequence: tokenizer.beginOfSequenceText)
    conversations = ConversationTemplate(rendering: program, specialTokens: tokenizer.tokenizer.namedTokens)
  }

  private init(_ found: FoundTemplate, _ tokenizer: ModelTokenizer) {
    self.found = found
    conversations = ConversationTemplate(
      parts: found.template, beginOfSequence: tokenizer.beginOfSequenceText ?? "")
  }
}
