import Foundation
import PromptCache
import Synchronization
import TestSupport
import Testing

/// What a session opens, loads and makes, and when.
@Suite struct OpeningTests {
  private let folder: TemporaryFolder
  private let place: FilePath
  private let schemaFile = SourceFile(path: "chain.pml", text: chain)
  private let promptFile = SourceFile(path: "prompt.pml", text: chainPrompt)

  init() throws {
    folder = try TemporaryFolder()
    place = FilePath(folder.path("store"))
  }

  private var storeIsThere: Bool { FileManager.default.fileExists(atPath: folder.path("store")) }

  /// The error that `body` ends in.
  private func failure(_ body: () throws -> Void) throws -> PromptCacheError {
    do {
      try body()
    } catch let error as PromptCacheError {
      return error
    }
    throw CocoaError(.featureUnsupported, userInfo: [NSDebugDescriptionErrorKey: "it did not fail"])
  }

  @Test func aStoreIsMadeWithTheFirstStatesAndNoEarlier() async throws {
    let session = try CacheSession(model: LoadedModel(at: nil), storeAt: place, threads: 1)
    #expect(!storeIsThere)
    guard case .store(.noStore) = try failure({ _ = try session.store }) else { throw CancellationError() }
    let wrong = SourceFile(path: "wrong.pml", text: #"<schema name="s"><module nam="a"/></schema>"#)
    #expect(try failure { _ = try session.warm(wrong) }.category == .input)
    _ = try session.forecast(session.model.compile(schema: schemaFile).get())
    _ = try session.engine
    #expect(!storeIsThere)
    let schema = try session.schema(session.model.compile(schema: schemaFile).get())
    let prompt = try session.model.compile(prompt: promptFile, of: schema.schema).get()
    #expect(!storeIsThere && schema.version == nil && schema.element == .f16)
    guard case .statesMissing = try failure({ _ = try session.ready(prompt, of: schema) }) else {
      throw CancellationError()
    }
    try session.ensureStates(for: prompt, of: schema)
    #expect(try session.store.snapshot().versions().isEmpty)
    let options = GenerationOptions(maximumTokens: 8)
    #expect(
      try await session.generate(from: prompt, of: schema, options: options).completion().text == " 820 euros")
  }

  @Test func aModelWithoutItsWeightsLeavesNoStore() throws {
    let model = try folder.modelCopy()
    try FileManager.default.removeItem(atPath: model + "/model.safetensors")
    let loaded = try LoadedModel(at: FilePath(model))
    guard case .engine = try failure({ _ = try CacheSession(model: loaded, storeAt: place) }) else {
      throw CancellationError()
    }
    #expect(!storeIsThere)
  }

  @Test(arguments: [StoreAccess.reading, .changing])
  func aStoreThatHasToBeThereIsNotMade(access: StoreAccess) throws {
    let error = try failure { _ = try CacheSession(model: LoadedModel(at: nil), storeAt: place, access: access) }
    guard case .store(.noStore) = error else { throw error }
    #expect(!storeIsThere)
  }

  @Test func aSessionThatReadsWritesNothing() throws {
    let model = try LoadedModel(at: nil)
    let schema = try model.compile(schema: schemaFile).get()
    let none = try CacheSession(model: model, storeAt: place, access: .readingIfThere)
    #expect(try none.forecast(schema).encodings.reused == 0)
    guard case .store(.noStore) = try failure({ _ = try none.warm(schema) }) else { throw CancellationError() }
    #expect(!storeIsThere)
    _ = try CacheSession(model: model, storeAt: place, threads: 1).warm(schema)
    // It looks again: the store is there now.
    #expect(try none.forecast(schema).encodings.computed == 0)
    for access in [StoreAccess.reading, .readingIfThere] {
      let session = try CacheSession(model: model, storeAt: place, access: access)
      #expect(try session.schema(named: "chain").version == 1)
      guard case .store(.readOnly) = try failure({ _ = try session.warm(schema) }) else { throw CancellationError() }
    }
  }

  @Test func withoutAStoreEverythingIsComputed() async throws {
    let session = CacheSession(model: try LoadedModel(at: nil), threads: 1)
    let schema = try session.model.compile(schema: schemaFile).get()
    let prompt = try session.model.compile(prompt: promptFile, of: schema).get()
    let options = GenerationOptions(maximumTokens: 8)
    let completion = try await session.generateUncached(from: prompt, options: options).completion()
    #expect(completion.text == " 820 euros" && completion.usage.cachedTokens == 0)
    let warmed = try session.schema(schema)
    for body in [
      { _ = try session.store }, { _ = try session.warm(schema) },
      { try session.ensureStates(for: prompt, of: warmed) },
    ] {
      guard case .noStore = try failure(body) else { throw CancellationError() }
    }
    guard case .statesMissing = try failure({ _ = try session.ready(prompt, of: warmed) }) else {
      throw CancellationError()
    }
  }

  /// What is there is used though nothing can be written; what is missing is an error that says so.
  @Test(.enabled(if: SmallDisk.canBeMade("tmpfs"), "mounting a file system takes root"))
  func aFrozenStoreIsReadAsFarAsItGoes() async throws {
    let disk = try #require(SmallDisk(at: folder.path("disk"), byteCount: 16 << 20))
    let place = FilePath("\(disk.path)/store")
    let model = try LoadedModel(at: nil)
    let planned = try model.compile(schema: schemaFile).get()
    _ = try CacheSession(model: model, storeAt: place, threads: 1).warm(planned)
    #expect(disk.freeze())
    let session = try CacheSession(model: model, storeAt: place, threads: 1)
    let prompt = try model.compile(prompt: promptFile, of: planned).get()
    let schema = try session.schema(planned)
    try session.ensureStates(for: prompt, of: schema)
    let completion = try await session.generate(
      from: prompt, of: schema, options: GenerationOptions(maximumTokens: 8)
    ).completion()
    #expect(completion.text == " 820 euros" && completion.usage.cachedTokens > 60)
    session.recordUses()
    #expect(try session.forecast(planned).encodings.computed == 0)
    let other = try session.schema(planned, as: .f32)
    for body in [{ try session.ensureStates(for: prompt, of: other) }, { _ = try session.warm(planned) }] {
      guard case .store(.readOnly) = try failure(body) else { throw CancellationError() }
    }
  }

  @Test func progressIsToldFromBeginningToEnd() throws {
    let events = Mutex<[String]>([])
    let session = try CacheSession(
      model: LoadedModel(at: nil, weights: .q8), storeAt: place, threads: 1,
      progress: { event in
        let name =
          switch event {
          case .readingModel: "reading"
          case .makingWeights: "making"
          case .computingStates(let schema, let states): "\(schema) \(states.tokensDone == states.tokensTotal)"
          case .fetchingStates, .puttingStates: "remote"
          case .weightsNotKept: "not kept"
          case .jointEncodingDamaged, .indexDamaged: "damaged"
          case .indexing: "indexing"
          case .ended: "ended"
          }
        events.withLock { if $0.last != name { $0.append(name) } }
      })
    _ = try session.warm(schemaFile)
    let first = events.withLock { events in
      defer { events = [] }
      return events
    }
    #expect(first.filter { $0 != "chain false" } == ["reading", "ended", "making", "ended", "chain true", "ended"])
    _ = try session.warm(schemaFile)
    #expect(events.withLock { $0 } == [])
    // They are kept beside the store.
    let again = try CacheSession(
      model: session.model, storeAt: place, threads: 1, progress: { _ in events.withLock { $0.append("again") } })
    _ = try again.engine
    #expect(try again.store.statistics().preparedFiles == 1)
  }
}
