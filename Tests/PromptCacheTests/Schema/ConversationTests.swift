import Foundation
@testable import PromptCache
import Testing
import Tokenizers

/// Conversations, written by chat templates and tokenized, as `transformers` does it (`tools/tokenizers/make_conversations.py`).
@Suite struct ConversationTests {
  struct Case: Decodable, Sendable {
    struct Message: Decodable { let role, content: String }

    let tokenizer: String
    let template: String
    let named: [String: String]
    let messages: [Message]
    let ids: [Int32]
  }

  static let cases: [Case] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
    do {
      return try JSONDecoder().decode(
        [Case].self, from: Data(contentsOf: folder.appending(path: "conversations.json")))
    } catch {
      Issue.record("no cases: \(error)")
      return []
    }
  }()

  private func tokenizer(_ family: String) throws -> Tokenizer {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../TokenizersTests/Fixtures/\(family)")
    func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: file))) }
    return try Tokenizer(tokenizerJSON: bytes("tokenizer.json"), configJSON: bytes("tokenizer_config.json"))
  }

  @Test func tokensAreThoseOfTransformers() throws {
    #expect(Self.cases.count > 100)
    let families = try Dictionary(
      uniqueKeysWithValues: Set(Self.cases.map(\.tokenizer)).map { ($0, try tokenizer($0)) })
    for known in Self.cases {
      let template = ConversationTemplate(
        rendering: TemplateProgram(known.template), specialTokens: known.named)
      let runs = try template.write(known.messages.map { ChatMessage(role: $0.role, text: $0.content) }).runs
      let ids = families[known.tokenizer]?.encode(runs.map { ($0.text, $0.origin == .template) })
      #expect(ids == known.ids, "\(known.tokenizer): \(known.messages.map(\.content))")
    }
  }

  /// A message in parts is the same text, and the tokens in front of a part's end are those of a beginning of it.
  @Test func partsOfMessagesChangeNoToken() throws {
    let model = try LoadedModel(at: nil, template: "chatml")
    let plain = try LoadedModel(at: nil, template: "plain")
    for (index, known) in Self.cases.enumerated() where index % 5 == 0 {
      for model in [model, plain] {
        let messages = known.messages.map { message in
          let words = message.content.split(separator: " ", omittingEmptySubsequences: false)
          let parts = [
            words.prefix(words.count / 2).joined(separator: " "), "",
            words.dropFirst(words.count / 2).map { " " + $0 }.joined(),
          ]
          return ChatMessage(
            role: ["user", "assistant"][message.role == "assistant" ? 1 : 0],
            parts: parts.map { ChatMessage.Part($0, isKept: index % 2 == 0) })
        }
        let whole = messages.map { ChatMessage(role: $0.role, text: $0.text) }
        let tokens = try model.tokens(of: messages)
        #expect(try tokens == model.tokens(of: whole))
        let chain = try model.chain(of: messages)
        #expect(chain.tokens == tokens && chain.keptCount == (index % 2 == 0 ? chain.indices.count : 0))
        #expect(chain.indices.count <= 2 * messages.count && !chain.indices.isEmpty)
        // Where each message ends is known to a token.
        let written = try model.conversations.write(messages)
        let text = Array(written.runs.map(\.text).joined().unicodeScalars)
        var found = 0
        for index in chain.indices {
          found += chain.tokenCount(of: index)
          let piece = model.tokenizer.tokenizer.decode(Array(tokens.prefix(found)), skippingSpecialTokens: false)
          let ends = written.ends.map { String(String.UnicodeScalarView(text.prefix($0.scalars))) }
          #expect(ends.contains { $0.hasPrefix(piece) && $0.count < piece.count + 12 })
        }
      }
    }
  }

  /// What is cut out of one text by the next is no token, and hides none.
  @Test func whatIsSaidIsNeverSpecial() throws {
    let tokenizer = try tokenizer("smollm")
    let end = tokenizer.encodeTemplate("<|im_end|>")
    #expect(end.count == 1)
    func special(_ runs: [(String, Bool)]) -> Int {
      tokenizer.encode(runs.map { (text: $0.0, recognizesSpecial: $0.1) }).count { end.contains($0) }
    }
    #expect(special([("<|im_end|>", true)]) == 1)
    #expect(special([("<|im_end|>", false)]) == 0)
    #expect(special([("<|im_", false), ("end|>", true)]) == 0)
    #expect(special([("<|im_", true), ("end|>", false)]) == 0)
    #expect(special([("<|im_", true), ("end|>", true)]) == 1)
    #expect(special([("say <|im_", false), ("<|im_end|>", true), ("end|><|im_end|>", false)]) == 1)
    for (family, text) in [("gemma", "</s>"), ("llama2", "</s>"), ("codellama", "▁<EOT>")] {
      let tokenizer = try self.tokenizer(family)
      let token = try #require(tokenizer.encodeTemplate(text).first { tokenizer.isSpecial($0) }, "\(family)")
      #expect(!tokenizer.encode([("a", true), ("b\(text)c", false), ("d", true)]).contains(token))
      #expect(tokenizer.encode([("a", true), ("b", false), (text, true), ("c", false)]).contains(token))
    }
  }

  @Test func theModelThatShipsHasNoTemplate() throws {
    let model = try LoadedModel(at: nil)
    let tokens = try model.tokens(of: [ChatMessage(role: "user", text: "Who?")])
    #expect(tokens == [model.tokenizer.beginOfSequence].compactMap { $0 } + model.tokenizer.tokens(of: "Who?"))
    let chat = try LoadedModel(at: nil, template: "chatml")
    #expect(
      try chat.text(of: [.init(role: "system", text: "Be brief."), .init(role: "user", text: "Who?")]).hasSuffix(
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n"))
    #expect(throws: PromptCacheError.self) { try chat.tokens(of: [.init(role: "tool", text: "5")]) }
  }

  /// Turns behind a prompt are as if they stood in its document.
  @Test func turnsGoOnFromAPrompt() throws {
    let model = try LoadedModel(at: nil, template: "chatml")
    let schema = try model.compile(
      schema: SourceFile(
        path: "s.pml", text: #"<schema name="s"><system>Answer.<module name="a"> One.</module></system></schema>"#)
    ).get()
    func layout(_ text: String, _ turns: [ChatTurn] = []) throws -> PromptLayout {
      try model.compile(prompt: SourceFile(path: "p.pml", text: text), of: schema, turns: turns).get().layout
    }
    let turns = [
      ChatTurn(role: .user, text: " Who? "), ChatTurn(role: .assistant, text: "Me.\n  You."),
      ChatTurn(role: .user, text: "<b> & 'c'"),
    ]
    let written = try layout(
      """
      <prompt schema="s"><a/><user xml:space="preserve"> Who? </user><assistant xml:space="preserve">Me.
        You.</assistant><user xml:space="preserve">&lt;b> &amp; 'c'</user></prompt>
      """)
    let added = try layout(#"<prompt schema="s"><a/></prompt>"#, turns)
    #expect(added == written)
    let partly = try layout(
      #"<prompt schema="s"><a/><user xml:space="preserve"> Who? </user></prompt>"#, Array(turns.dropFirst()))
    #expect(partly == written)
    // Without a user's turn at its end there is no header.
    let ended = try layout(#"<prompt schema="s"><a/></prompt>"#, Array(turns.prefix(2)))
    #expect(ended.present == Array(written.present.prefix(ended.present.count)))
  }

  @Test func plainTokensAreAnswered() async throws {
    let fixture = try Fixture()
    let tokens = fixture.model.tokenizer.tokens(of: "Question: Who? Answer:")
    let prompt = try ReadyPrompt(tokens: tokens, for: fixture.model)
    let answer = try await fixture.session.generate(from: prompt, options: GenerationOptions(maximumTokens: 4))
      .completion()
    #expect(answer.usage.promptTokens == tokens.count && answer.usage.cachedTokens == 0)
    let length = fixture.model.tokenizer.contextLength
    for wrong in [[], [-1], [Int32(fixture.model.configuration.vocabularySize)], Array(repeating: 5, count: length)] {
      #expect(throws: PromptCacheError.self) { try ReadyPrompt(tokens: wrong, for: fixture.model) }
    }
  }
}
