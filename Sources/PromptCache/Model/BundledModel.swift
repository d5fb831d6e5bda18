internal import CDemoModel
public import Engine

/// The small model that is linked into the program.
@safe public struct BundledModel: ModelFiles {
  private let files: [String: FileBytes]

  /// The files of the model.
  public init() {
    var files: [String: FileBytes] = [:]
    var index = 0
    while true {
      let file = unsafe demo_model_file(index)
      guard unsafe file.count > 0 else { break }
      unsafe files[String(cString: file.name)] = FileBytes(
        staticMemory: UnsafeRawBufferPointer(start: file.bytes, count: file.count))
      index += 1
    }
    self.files = files
  }

  /// What messages call it.
  public var location: String { "the model that ships with this program" }
  /// Names of its files, sorted.
  public var names: [String] { files.keys.sorted() }

  /// A file's bytes, or `nil` if there is none of that name.
  public func file(_ name: String) -> FileBytes? { files[name] }
}
