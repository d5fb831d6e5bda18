import Foundation
import ObjectStorage
import PromptCache
import Synchronization
import TestSupport
import Testing

/// A machine: a store of its own, which is a cache of a remote one that it may share with others.
struct Machine {
  let session: CacheSession
  let remote: RemoteStore
  let objects: ObjectStore
  let folder: TemporaryFolder
  let prefix: String
  private let heard: Heard

  /// What it was warned of.
  var warnings: [RemoteWarning] { heard.warnings.withLock { $0 } }
  var store: StateStore { get throws { try session.store } }

  private final class Heard: Sendable {
    let warnings = Mutex<[RemoteWarning]>([])
  }

  /// A machine with an empty store, or with the one of another.
  ///
  /// - Parameters:
  ///   - prefix: what its remote store's names begin with: machines that have it in common share one.
  ///   - keys: with which it signs.
  ///   - port: where it finds the server.
  ///   - patience: how long it waits for the server.
  init(
    _ prefix: String = UUID().uuidString.lowercased(), keys: ObjectServer.Keys = ObjectServer.writer, port: Int? = nil,
    patience: ObjectStore.Options = .lasting,
    in folder: TemporaryFolder? = nil, model: LoadedModel? = nil, options: StoreOptions = .init()
  ) throws {
    self.prefix = prefix
    self.folder = try folder ?? TemporaryFolder()
    let environment = try ObjectServer.shared.environment(keys, port: port)
    let location = try ObjectLocation("s3://\(ObjectServer.bucket)/\(prefix)")
    let configuration = try ClientConfiguration { environment[$0] }
    let heard = Heard()
    self.heard = heard
    objects = try ObjectStore(location, configuration, options: patience)
    remote = try RemoteStore(at: location, configuration: configuration, options: patience) { warning in
      heard.warnings.withLock { $0.append(warning) }
    }
    session = try CacheSession(
      model: model ?? LoadedModel(at: nil), storeAt: FilePath(self.folder.path("store")), options: options,
      remote: remote, threads: 1)
  }

  func schema(_ text: String = Self.trip) throws -> PlannedSchema {
    try session.model.compile(schema: SourceFile(path: "schema.pml", text: text)).get()
  }

  @discardableResult
  func warm(_ text: String = Self.trip, as element: KVElement = .f16) throws -> WarmReport {
    try #require(try session.warm(schema(text), as: element).report)
  }

  /// The answer to a prompt of the newest version.
  func answer(_ prompt: String = Self.question, of name: String = "trip") async throws -> Completion {
    let schema = try session.schema(named: name)
    return try await session.generate(
      from: SourceFile(path: "prompt.pml", text: prompt), of: schema,
      options: GenerationOptions(maximumTokens: 8, logProbabilities: 5)
    ).completion()
  }

  /// Encodings that the newest version of a schema lacks here.
  func missing(of name: String = "trip") throws -> Int {
    try #require(try store.list().last { $0.schema == name }).missing
  }

  /// Names of the objects of encodings.
  func states() throws -> [String] { try objects.list("").map(\.name).filter { $0.contains("/states/") } }
  func versions() throws -> [String] { try objects.list("").map(\.name).filter { $0.contains("/versions/") } }

  /// Modules of which prompts use some.
  static let trip = """
    <schema name="trip">
      Answer the question from the documents.
      <module name="labs">Bonkru Labs is led by Kerti Zavon. Its head office is in Norville.</module>
      <module name="worbi">The Worbi is made by Bonkru Labs. The Worbi costs 149 euros.</module>
      <module name="dripin">The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg.</module>
      <module name="other">Nothing here is of any use to anybody, but it has a number of words.</module>
    </schema>
    """

  static let question = """
    <prompt schema="trip"><labs/><dripin/>Question: How much does the Dripin cost?
    Answer:</prompt>
    """
}

extension ObjectStore.Options {
  /// For a server that is there and may be slow, since other tests keep the machine busy: a long wait is no outage.
  static var lasting: Self {
    var options = Self()
    options.connectTime = .seconds(60)
    options.stallTime = .seconds(60)
    options.attempts = 8
    return options
  }

  /// For one that refuses: no time is spent on trying again.
  static var brief: Self {
    var options = lasting
    options.attempts = 4
    options.firstPause = .milliseconds(20)
    return options
  }
}
