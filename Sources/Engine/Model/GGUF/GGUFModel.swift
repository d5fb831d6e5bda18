internal import Failure
public import FileSystem
public import GGUF

/// A model in a GGUF file, or in several that are its parts.
public struct GGUFModel: ModelFiles {
  /// One file of the model.
  struct Part: Sendable {
    let name: String
    let file: FileBytes
    let tensors: [String: GGUFTensor]
  }

  /// The path that was given, for messages.
  public let location: String
  /// What the first part says about the model.
  public let header: GGUFHeader

  /// What the file calls the model (`general.name`), if it does.
  public var modelName: String? { (try? header.text("general.name")) ?? nil }
  /// What the file calls the model's family (`general.architecture`), if it does.
  public var architectureName: String? { (try? header.text("general.architecture")) ?? nil }

  let parts: [Part]
  /// Index of the part that holds a tensor, by the tensor's name.
  let partOfTensor: [String: Int]

  /// Names of the parts, in order.
  public var names: [String] { parts.map(\.name) }

  /// Whether a path is a GGUF file's: a file that begins as one does, or one that is called so.
  public static func isOne(at path: FilePath) -> Bool {
    guard let file = try? OpenFile(path, .reading), let status = try? file.status(), status.kind == .regular else {
      return path.hasSuffix(".gguf")
    }
    return (try? file.read(4, at: 0)) == Array("GGUF".utf8) || path.hasSuffix(".gguf")
  }

  /// The model in the file at `path`; of a model in parts, any of them.
  ///
  /// - Throws: `EngineError.unreadableFile`; `.malformedGGUF` for a file that is no GGUF file or contradicts itself, and
  ///   for parts that do not belong together.
  public init(at path: FilePath) throws(EngineError) {
    let first = try Self.read(path)
    let count = try Self.value("split.count", of: first) ?? 1
    var files = [first]
    if count > 1 {
      let series = try Self.series(of: path, count: count)
      files = []
      for (index, part) in series.enumerated() {
        let file = part == path ? first : try Self.read(part)
        guard try Self.value("split.no", of: file) == index, try Self.value("split.count", of: file) == count else {
          throw .malformedGGUF(
            file: file.name, .malformed("it is not part \(index + 1) of \(count), as its name says"))
        }
        files.append(file)
      }
    }
    try self.init(files, location: path.description)
  }

  /// The model in a whole file that is in memory, with a name for messages.
  ///
  /// - Parameters:
  ///   - file: the bytes.
  ///   - name: what to call them.
  /// - Throws: `EngineError.malformedGGUF`.
  public init(_ file: FileBytes, named name: String) throws(EngineError) {
    let only = try Self.read(file, path: name, name: name)
    guard try Self.value("split.count", of: only) ?? 1 <= 1 else {
      throw .malformedGGUF(file: name, .malformed("it is one of several parts"))
    }
    try self.init([only], location: name)
  }

  private init(_ files: [File], location: String) throws(EngineError) {
    self.location = location
    parts = files.map { Part(name: $0.name, file: $0.file, tensors: $0.header.tensors) }
    header = files[0].header
    var partOfTensor: [String: Int] = [:]
    for (index, part) in parts.enumerated() {
      for name in part.tensors.keys where partOfTensor.updateValue(index, forKey: name) != nil {
        throw .malformedGGUF(file: part.name, .malformed("an earlier part has tensor \(name.quoted()) too"))
      }
    }
    self.partOfTensor = partOfTensor
    if let total = try Self.value("split.tensors.count", of: files[0]), total != partOfTensor.count {
      throw .malformedGGUF(file: files[0].name, .malformed("its parts hold \(partOfTensor.count) tensors of \(total)"))
    }
  }

  /// The bytes of one of the parts.
  public func file(_ name: String) throws(EngineError) -> FileBytes? { parts.first { $0.name == name }?.file }

  /// Makes sure that no part has changed since it was opened.
  ///
  /// - Throws: `EngineError.fileChanged`.
  public func checkUnchanged() throws(EngineError) {
    for part in parts {
      if let identity = part.file.identity, !identity.isCurrent { throw .fileChanged(path: "\(identity.path)") }
    }
  }

  private typealias File = (file: FileBytes, header: GGUFHeader, name: String)

  private static func read(_ path: FilePath) throws(EngineError) -> File {
    try read(FileBytes(mapping: path), path: path.description, name: name(of: path))
  }

  private static func read(_ file: FileBytes, path: String, name: String) throws(EngineError) -> File {
    do throws(GGUFError) {
      return (file, try GGUFHeader(file.bytes), name)
    } catch {
      throw .malformedGGUF(file: path, error)
    }
  }

  private static func value(_ key: String, of file: File) throws(EngineError) -> Int? {
    do throws(GGUFError) {
      return try file.header.integer(key)
    } catch {
      throw .malformedGGUF(file: file.name, error)
    }
  }

  private static func name(of path: FilePath) -> String {
    path.description.split(separator: "/").last.map(String.init) ?? path.description
  }

  /// The paths of all parts, by the name of one: `NAME-00002-of-00003.gguf`.
  private static func series(of path: FilePath, count: Int) throws(EngineError) -> [FilePath] {
    let (digits, suffix) = (5, ".gguf")
    let total = padded(count)
    let ending = "-of-\(total)\(suffix)"
    guard count <= 99_999, path.hasSuffix(ending), path.bytes.count > ending.utf8.count + digits else {
      throw .malformedGGUF(
        file: path.description,
        .malformed("it is one of \(count) parts, and its name does not end in `-00001-of-\(total)\(suffix)`"))
    }
    let stem = path.bytes.dropLast(ending.utf8.count + digits)
    return (1...count).map { FilePath(bytes: Array(stem) + Array("\(padded($0))\(ending)".utf8)) }
  }

  private static func padded(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(5 - text.count, 0)) + text
  }
}
