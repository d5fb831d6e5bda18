/// Where a model's files come from: a folder, or the program itself.
public protocol ModelFiles: Sendable {
  /// Names of the files, sorted.
  var names: [String] { get }
  /// What to call the place in messages: a folder's path.
  var location: String { get }
  /// The bytes of the file called `name`, or `nil` if there is none.
  func file(_ name: String) throws(EngineError) -> FileBytes?
  /// Makes sure that no file has changed since it was first read.
  ///
  /// Called before anything that was computed from the files is kept.
  ///
  /// - Throws: `EngineError.fileChanged`.
  func checkUnchanged() throws(EngineError)
}

extension ModelFiles {
  /// For files that cannot change.
  public func checkUnchanged() throws(EngineError) {}

  /// The bytes of the file called `name`.
  ///
  /// - Throws: `EngineError.missingFile` if there is none.
  public func requiredFile(_ name: String) throws(EngineError) -> FileBytes {
    guard let file = try file(name) else { throw .missingFile(name: name, location: location) }
    return file
  }
}
