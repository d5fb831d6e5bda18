import Failure
public import FileSystem
import Synchronization

/// A model as Hugging Face lays it out: a folder with `config.json`, `tokenizer.json` and `*.safetensors`.
public struct ModelFolder: ModelFiles {
  /// Path of the folder.
  public let path: FilePath
  /// Names of the files in the folder, sorted.
  public let names: [String]
  /// Path of the folder, for messages.
  public var location: String { path.description }

  private let opened = OpenedFiles()

  /// The folder at `path`.
  ///
  /// - Throws: `EngineError.notAModelFolder` if it is none, or has no `config.json`.
  public init(at path: FilePath) throws(EngineError) {
    do throws(SystemFailure) {
      names = try Folder(path).names().map(\.description).sorted()
    } catch {
      throw .notAModelFolder(path: path.description, reason: Self.reason(for: error))
    }
    self.path = path
    guard names.contains("config.json") else {
      throw .notAModelFolder(path: location, reason: Self.reason(withoutConfiguration: names))
    }
  }

  /// Maps the file called `name`; a name that is none of the folder's own gives `nil`.
  ///
  /// - Throws: `EngineError.unreadableFile`; `.foreignFile` for what can be none of a model's files;
  ///   `.fileChanged` if it is not the file that was read before under this name.
  public func file(_ name: String) throws(EngineError) -> FileBytes? {
    guard names.contains(name) else { return nil }
    let file = try FileBytes(mapping: path.appending(FilePath(name)))
    if let kind = ForeignFile(beginningWith: file.copy(of: 0..<min(file.count, ForeignFile.lookedAt))) {
      throw .foreignFile(name: name, kind)
    }
    if let identity = file.identity { try opened.note(identity, name: name) }
    return file
  }

  /// Makes sure that no file that was opened has changed since.
  ///
  /// - Throws: `EngineError.fileChanged`.
  public func checkUnchanged() throws(EngineError) { try opened.checkUnchanged() }

  /// Why the folder could not be listed.
  private static func reason(for failure: SystemFailure) -> String {
    guard let status = try? FileStatus(of: failure.path), status.kind != .folder else { return failure.reason }
    guard status.kind == .regular else { return "it is \(ForeignFile.special(status.kind).name)" }
    if failure.path.hasSuffix(".safetensors") { return "it is a file of weights; name the folder that holds it" }
    let beginning = try? OpenFile(failure.path, .reading).read(ForeignFile.lookedAt, at: 0)
    return beginning.flatMap { ForeignFile(beginningWith: $0) }.map { "it is \($0.name)" } ?? "it is a file"
  }

  /// What a folder seems to be that has no `config.json`.
  private static func reason(withoutConfiguration names: [String]) -> String {
    let none = "no `config.json` in it"
    if names.contains("snapshots"), names.contains("refs") {
      return "\(none): it is a folder of Hugging Face's cache, and the models are the folders in `snapshots`"
    }
    if names.contains("adapter_config.json") { return "\(none): it holds an adapter, not a model" }
    if let file = names.first(where: { $0.hasSuffix(".gguf") }) {
      return "\(none), but a GGUF model, \(file.quoted())"
    }
    if names.contains("params.json") || names.contains(where: { $0.hasPrefix("consolidated.") }) {
      return "\(none): it holds a checkpoint that was not converted to Hugging Face's format"
    }
    return none
  }
}

/// The files that were opened, as they were then.
private final class OpenedFiles: Sendable {
  private let identities = Mutex<[String: FileBytes.Identity]>([:])

  func note(_ identity: FileBytes.Identity, name: String) throws(EngineError) {
    let first = identities.withLock { identities in
      if identities[name] == nil { identities[name] = identity }
      return identities[name]
    }
    guard first == identity else { throw .fileChanged(path: identity.path.description) }
  }

  func checkUnchanged() throws(EngineError) {
    let identities = identities.withLock { $0 }
    for (_, identity) in identities.sorted(by: { $0.key < $1.key }) where !identity.isCurrent {
      throw .fileChanged(path: identity.path.description)
    }
  }
}
