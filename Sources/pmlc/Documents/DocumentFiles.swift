import CommandSupport
import PromptCache

/// The files that documents are made of.
enum DocumentFiles {
  /// A larger schema is not read once more for the files that it names.
  private static let largest = 1 << 20

  /// A schema's own file and those that it names in `src`; `nil` where it came from no file.
  static func of(schemaAt path: FilePath) -> [FilePath]? {
    guard !path.isStandardStream, let status = try? FileStatus(of: path), status.kind == .regular else { return nil }
    guard status.byteCount <= largest, let source = try? SourceFile.read(path) else { return [path] }
    return [path] + PML.includedFiles(of: source).map { path.parent.appending($0) }
  }

  /// Says that a version is answered from whose files have changed since it was warmed.
  static func warnOfChanges(since schema: WarmedSchema, in session: CacheSession) {
    let changed = session.changedSources(of: schema)
    guard let first = changed.first, let version = schema.version else { return }
    let others = changed.count == 1 ? "" : " and \(counted(changed.count - 1, "other file"))"
    Notes.line(
      "pmlc: warning: \(first.description.quoted(limit: 4096))\(others) changed since version \(version) of schema "
        + "\(schema.schema.name.quoted()) was warmed, from which this is answered")
    Notes.line("  help: warm it again, or pass it with `--schema`")
  }
}
