import PromptCache
import TestSupport
import Testing

/// What a caller can do with an error.
@Suite struct ErrorTests {
  private static func all() throws -> [PromptCacheError] {
    let model = try LoadedModel(at: nil, weights: .q8)
    let source = SourceFile(path: "s.pml", text: "<schema/>")
    return [
      .engine(.scoresNotFinite), .engine(.notAModelFolder(path: "m", reason: "r")), .store(.noStore(path: "s")),
      .store(.diskFull(path: "s")), .store(.inUse(path: "s", process: 1)),
      .missingFile("tokenizer.json", location: "m"), .unknownChatTemplate("t", known: ["chatml"]),
      .badChatTemplate(path: "t.json", problem: "p"), .notWarmed(schema: "s", model: model, element: .q8),
      .invalidDocument(source, diagnostics: model.compile(schema: source).diagnostics),
      .unusableLoweredSchema(path: "s.pmlir", .notIR), .cancelled, .noSuchVersion(schema: "s", number: 3),
      .nothingToExport(model: nil), .statesMissing(schema: "s"), .stateRemoved,
      .unreadableVersion(schema: "s", version: 1, problem: "p"), .emptyPrompt,
      .benchmarkTooLong(tokens: 9, decoded: 3, contextLength: 8), .noStore,
      .answerTooLarge(tokens: 9, stateBytes: 90, limit: 50), .tooManyAnswers(waiting: 3), .noThread,
    ]
  }

  @Test func categoriesSayWhoseMatterItIs() throws {
    let model = try LoadedModel(at: nil)
    let expected: [(PromptCacheError, FailureCategory)] = [
      (.emptyPrompt, .input), (.noStore, .input), (.unusableLoweredSchema(path: "s", .otherTokenizer), .input),
      (.notWarmed(schema: "s", model: model, element: nil), .notFound),
      (.noSuchVersion(schema: "s", number: 1), .notFound),
      (.statesMissing(schema: "s"), .notFound), (.stateRemoved, .busy), (.cancelled, .cancelled),
      (.unreadableVersion(schema: "s", version: 1, problem: "p"), .damaged), (.tooManyAnswers(waiting: 3), .busy),
      (.answerTooLarge(tokens: 9, stateBytes: 90, limit: 50), .resources), (.noThread, .resources),
      (.engine(.missingTensor(name: "t", location: "m")), .input), (.engine(.outOfMemory(byteCount: 9)), .resources),
      (.engine(.sequenceInUse), .busy),
    ]
    for (error, category) in expected { #expect(error.category == category, "\(error)") }
  }

  /// A message is one for any program: it names neither the command, nor options, nor variables of the environment.
  @Test func wordsFitAnyProgram() throws {
    for error in try Self.all() {
      #expect(!error.message.isEmpty)
      if case .store = error { continue }
      for word in ["pmlc", " --", "PMLC_"] { #expect(!error.description.contains(word), "\(error)") }
    }
  }

  @Test func remediesAreData() throws {
    let model = try LoadedModel(at: nil, weights: .q8)
    let error = PromptCacheError.notWarmed(schema: "menu", model: model, element: .f16)
    #expect(error.remedies == [.warm(schema: "menu", element: "f16", weights: "q8"), .giveSchemaFile])
    #expect(PromptCacheError.noSuchVersion(schema: "menu", number: nil).remedies == [.listVersions])
    #expect(error.description.hasPrefix(error.message) && error.description.contains("warm schema `menu`"))
  }
}
