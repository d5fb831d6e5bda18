import PromptCache
import TestSupport
import Testing

/// The model that ships, and a session with a store of its own in a temporary folder.
struct Fixture {
  let session: CacheSession
  let folder: TemporaryFolder

  var model: LoadedModel { session.model }
  var engine: InferenceEngine { get throws { try session.engine } }
  var store: StateStore { get throws { try session.store } }

  init(weights: WeightFormat = .stored, limits: AnswerLimits = .init()) throws {
    folder = try TemporaryFolder()
    session = try Self.session(LoadedModel(at: nil, weights: weights), in: folder, limits: limits)
  }

  /// The same store under another tenant's name.
  init(besides other: Fixture, namespace: String) throws {
    folder = other.folder
    session = try Self.session(other.model, in: folder, StoreOptions(namespace: namespace))
  }

  private static func session(
    _ model: LoadedModel, in folder: TemporaryFolder, _ options: StoreOptions = .init(), limits: AnswerLimits = .init()
  ) throws -> CacheSession {
    try CacheSession(
      model: model, storeAt: FilePath(folder.path("store")), options: options, threads: 1, limits: limits)
  }

  func schema(_ text: String) throws -> PlannedSchema {
    let result = model.compile(schema: SourceFile(path: "schema.pml", text: text))
    #expect(result.diagnostics.filter { $0.severity == .error } == [])
    return try #require(result.value)
  }

  func layout(_ prompt: String, of schema: PlannedSchema) throws -> PromptLayout {
    let result = model.compile(prompt: SourceFile(path: "prompt.pml", text: prompt), of: schema)
    #expect(result.diagnostics == [])
    return try #require(result.value).layout
  }

  @discardableResult
  func warm(_ schema: PlannedSchema, as element: KVElement = .f32) throws -> WarmReport {
    try #require(try session.warm(schema, as: element).report)
  }

  func answer(
    _ prompt: ReadyPrompt, _ options: GenerationOptions = .init(maximumTokens: 8, logProbabilities: 5)
  )
    async throws -> Completion
  {
    try await session.generate(from: prompt, options: options).completion()
  }
}

/// Documents of several sizes, each certain to see all that is before it, so that the method is exact for them.
let chain = """
  <schema name="chain">
    Answer the question from the documents.
    <module name="first">
      # Bonkru Labs
      Bonkru Labs is led by Kerti Zavon. The head office of Bonkru Labs is in Norville.
      <module name="second">
        # Worbi
        The Worbi is made by Bonkru Labs. The Worbi costs 149 euros.
        <module name="third">
          # Dripin
          The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg.
        </module>
      </module>
    </module>
  </schema>
  """

let chainPrompt = """
  <prompt schema="chain">
    <first><second><third/></second></first>
    Question: How much does the Dripin cost?
    Answer:
  </prompt>
  """
