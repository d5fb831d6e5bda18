import Foundation
import PromptCache
import TestSupport
import Testing

/// Answers as asynchronous sequences.
@Suite struct GenerationTests {
  private func session(_ folder: TemporaryFolder, model: LoadedModel? = nil) throws -> CacheSession {
    try CacheSession(model: try model ?? LoadedModel(at: nil), storeAt: FilePath(folder.path("store")), threads: 1)
  }

  private let schemaFile = SourceFile(path: "chain.pml", text: chain)
  private let promptFile = SourceFile(path: "prompt.pml", text: chainPrompt)

  /// An answer that goes on for a while, in all sorts of characters.
  private let wild = GenerationOptions(
    maximumTokens: 60, sampling: SamplingOptions(temperature: 30, seed: 11), logProbabilities: 2)

  @Test func eventsAreTokensTextAndTheEnd() async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    #expect(schema.version == 1)
    let answer = try session.generate(
      from: promptFile, of: schema, options: GenerationOptions(maximumTokens: 24, logProbabilities: 3))
    for _ in 0..<2 {  // each iteration makes it anew
      var text = ""
      var tokens: [Int32] = []
      var positions = 0
      var completion: Completion?
      for try await event in answer {
        #expect(completion == nil)
        switch event {
        case .token(let token, let position):
          tokens.append(token)
          #expect(position?.token == token && position?.top.count == 3)
          positions += 1
        case .text(let piece):
          #expect(!piece.isEmpty)
          text += piece
        case .finish(let whole): completion = whole
        }
      }
      let whole = try #require(completion)
      #expect(whole.text == text && whole.tokens == tokens && whole.logProbabilities?.count == positions)
      #expect(text == " 820 euros" && whole.finishReason == .stop)
      #expect(whole.usage.completionTokens == tokens.count && whole.usage.cachedTokens > 60)
      #expect(whole.timings.timeToFirstToken >= whole.timings.prefill && whole.timings.prefill > 0)
      #expect(whole.timings.decodeTokensPerSecond > 0)
    }
    #expect(try await answer.completion().text == " 820 euros")
  }

  @Test func tokensThatSplitCharactersMakeWholeOnes() async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let files = BundledModel()
    func bytes(_ name: String) throws -> [UInt8] {
      let file = try #require(files.file(name))
      return unsafe file.bytes.withUnsafeBytes { unsafe Array($0) }
    }
    let tokenizer = try Tokenizer(
      tokenizerJSON: bytes("tokenizer.json"), configJSON: bytes("tokenizer_config.json"))
    let schema = try session.warm(schemaFile)
    var (completed, held) = (0, 0)
    for seed in 1...6 {
      // All tokens are as likely, those of single bytes among them.
      var options = wild
      (options.sampling.temperature, options.sampling.seed) = (1e6, UInt64(seed))
      var pieces: [String] = []
      var tokens: [Int32] = []
      for try await event in try session.generate(from: promptFile, of: schema, options: options) {
        switch event {
        case .token(let token, _): tokens.append(token)
        case .text(let piece): pieces.append(piece)
        case .finish: completed += 1
        }
      }
      // Bytes that make no character together stand as they would if all were decoded at once.
      #expect(pieces.joined() == tokenizer.decode(tokens))
      held += tokens.count - pieces.count
    }
    #expect(completed == 6 && held > 0)
  }

  @Test(arguments: [" eur", "20 e", "0 euros", " 820 euros", "8"])
  func aStopStringEndsTheAnswerWhereverTokensEnd(stop: String) async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    var pieces: [String] = []
    let options = GenerationOptions(maximumTokens: 24, stops: ["absent", stop])
    for try await event in try session.generate(from: promptFile, of: schema, options: options) {
      switch event {
      case .token: break
      case .text(let piece): pieces.append(piece)
      case .finish(let completion):
        #expect(completion.finishReason == .stop)
        #expect(completion.text == pieces.joined())
      }
    }
    let range = try #require(" 820 euros".range(of: stop))
    #expect(pieces.joined() == " 820 euros"[..<range.lowerBound])
  }

  @Test func anyOfSeveralTokensEndsAnAnswer() async throws {
    // The model's files, but for the list of tokens that end answers: the second of the usual answer's is one too.
    let folder = try TemporaryFolder()
    let usual = try await session(folder).answerOfTheChain()
    #expect(usual.tokens.count > 2)
    let model = try folder.modelCopy(
      changing: ["generation_config.json": #"{"eos_token_id": [2, \#(usual.tokens[1])]}"#])
    let listed = try await session(folder, model: LoadedModel(at: FilePath(model))).answerOfTheChain()
    #expect(listed.tokens == [usual.tokens[0]])
    #expect(listed.finishReason == .stop && listed.usage.completionTokens == 1)
  }

  @Test func thePenaltyCountsThePromptAndTheAnswer() async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    func tokens(_ penalty: Float) async throws -> [Int32] {
      let options = GenerationOptions(maximumTokens: 24, sampling: SamplingOptions(repetitionPenalty: penalty))
      return try await session.generate(from: promptFile, of: schema, options: options).completion().tokens
    }
    // What the answer copies stands in the prompt, so a hard penalty forbids it, and nothing comes twice.
    let (plain, penalized) = (try await tokens(1), try await tokens(1000))
    #expect(plain != penalized)
    #expect(Set(penalized).count == penalized.count)
  }

  @Test func cancellingWhileReadingEndsIt() async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    let answer = try session.generate(from: promptFile, of: schema, options: wild)
    let task = Task { () throws(PromptCacheError) -> Int in
      var tokens = 0
      for try await event in answer {
        if case .token = event { tokens += 1 }
        if tokens == 3 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
      return tokens
    }
    await #expect { try await task.value } throws: { error in
      if case PromptCacheError.cancelled = error { true } else { false }
    }
    #expect(try await answer.completion().tokens.count > 3)
  }

  @Test func cancellingInsideAPromptEndsIt() async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    let text = String(repeating: " word and word", count: 300)
    let long = SourceFile(path: "long.pml", text: "<prompt schema=\"chain\"><first/>\(text)</prompt>")
    let layout = try #require(session.model.compile(prompt: long, of: schema.schema).value).layout
    #expect(layout.computed.count > 2 * InferenceEngine.tokensPerPass)
    let prompt = try session.prepare(layout, of: schema.schema, element: schema.element)
    let expected = try await session.generate(from: prompt, options: wild).completion()
    // Before it begins, and somewhere in the prompt.
    for delay in [0, 2, 5, 9, 14] {
      let task = Task { try await session.generate(from: prompt, options: wild).completion() }
      try await Task.sleep(for: .milliseconds(delay))
      task.cancel()
      await #expect { try await task.value } throws: { error in
        if case PromptCacheError.cancelled = error { true } else { false }
      }
      try await expectIdle(session.scheduler)
    }
    #expect(try await session.generate(from: prompt, options: wild).completion().tokens == expected.tokens)
  }

  @Test func manyTasksReadSideBySide() async throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    let expected = try await session.generate(from: promptFile, of: schema, options: wild).completion()
    let found = try await withThrowingTaskGroup(of: Completion.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try await session.generate(from: promptFile, of: schema, options: wild).completion()
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for completion in found { #expect(completion.tokens == expected.tokens && completion.text == expected.text) }
  }

  @Test func weightsThatAreNoNumbersAreATypedError() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.modelCopy()
    // The last tensor of the file, whichever it is, in f16: not a number each.
    let weights = URL(filePath: path).appending(path: "model.safetensors")
    var bytes = try Data(contentsOf: weights)
    for index in bytes.count - 256..<bytes.count { bytes[index] = 0xFF }
    try FileManager.default.removeItem(at: weights)
    try bytes.write(to: weights)
    let session = try session(folder, model: LoadedModel(at: FilePath(path)))
    let schema = try session.warm(schemaFile)
    do {
      _ = try await session.generate(from: promptFile, of: schema).completion()
      Issue.record("an answer without numbers")
    } catch {
      guard case .engine(.scoresNotFinite) = error else { throw error }
    }
  }

  @Test func documentsWithErrorsAreTypedErrors() throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    func diagnostics(_ body: () throws -> Void) -> [Diagnostic] {
      do {
        try body()
      } catch PromptCacheError.invalidDocument(_, let diagnostics) {
        return diagnostics
      } catch {
        Issue.record(error)
      }
      return []
    }
    let wrong = SourceFile(path: "wrong.pml", text: "<schema name=\"s\"><module nam=\"a\"/></schema>")
    let found = diagnostics { _ = try session.warm(wrong) }
    #expect(found.first?.file == "wrong.pml")
    #expect("\(PromptCacheError.invalidDocument(wrong, diagnostics: found))".contains("wrong.pml:1:26: error[PML104]"))
    let schema = try session.warm(schemaFile)
    let prompt = SourceFile(path: "wrong.pml", text: "<prompt schema=\"chain\"><frist/></prompt>")
    #expect(diagnostics { _ = try session.generate(from: prompt, of: schema) }.first?.help?.contains("first") == true)
  }

  @Test func statesInUseStayAndThoseThatAreNotThereAreATypedError() throws {
    let folder = try TemporaryFolder()
    let session = try session(folder)
    let schema = try session.warm(schemaFile)
    _ = try session.store.collectGarbage(GarbagePolicy(keep: 0))
    _ = try session.generate(from: promptFile, of: schema)
    let layout = try #require(session.model.compile(prompt: promptFile, of: schema.schema).value).layout
    do {
      _ = try session.prepare(layout, of: schema.schema, element: .f32)
      Issue.record("states that are not there were found")
    } catch .statesMissing(let name) {
      #expect(name == "chain")
    }
  }
}

extension CacheSession {
  fileprivate func answerOfTheChain() async throws -> Completion {
    let schema = try warm(SourceFile(path: "chain.pml", text: chain))
    return try await generate(
      from: SourceFile(path: "prompt.pml", text: chainPrompt), of: schema,
      options: GenerationOptions(maximumTokens: 24)
    ).completion()
  }
}
