import Glibc

/// A model as Hugging Face lays it out: a folder with `config.json`, `tokenizer.json` and `*.safetensors`.
public struct ModelFolder: ModelFiles {
  /// Names of the files in the folder, sorted.
  public let names: [String]
  /// Path of the folder.
  public let location: String

  /// The folder at `path`.
  ///
  /// - Throws: `EngineError.notAModelFolder` if it is none, or has no `config.json`.
  public init(at path: String) throws(EngineError) {
    guard let folder = unsafe opendir(path) else {
      throw .notAModelFolder(path: path, reason: systemErrorText())
    }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard names.contains("config.json") else {
      throw .notAModelFolder(path: path, reason: "no `config.json` in it")
    }
    self.names = names.sorted()
    location = path
  }

  /// Maps the file called `name`; a name that is none of the folder's own gives `nil`.
  public func file(_ name: String) throws(EngineError) -> FileBytes? {
    guard names.contains(name) else { return nil }
    return try FileBytes(mapping: "\(location)/\(name)")
  }
}
