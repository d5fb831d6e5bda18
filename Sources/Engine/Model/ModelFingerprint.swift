public import ContentHash
import FileSystem

/// What identifies a model: a digest over the names and contents of the files that decide its states.
public enum ModelFingerprint {
  /// Files that decide the states, besides every `*.safetensors`.
  static let decidingFiles = [
    "config.json", "tokenizer.json", "tokenizer_config.json", ModelWeights.indexFile,
  ]

  /// The fingerprint of a model.
  ///
  /// Reading gigabytes takes seconds, so a caller can keep the digest of each file: `lookup` is asked before a mapped
  /// file is read, and `store` told afterwards unless the file changed meanwhile. A file with the same identity counts as
  /// unchanged. `progress` is told the bytes that were settled and their total.
  ///
  /// - Throws: `EngineError.missingFile` without configuration, tokenizer or weights; `.unreadableFile`;
  ///   `.fileChanged`.
  public static func compute(
    files: some ModelFiles,
    lookup: (FileBytes.Identity) -> SHA256Digest? = { _ in nil },
    store: (FileBytes.Identity, SHA256Digest) -> Void = { _, _ in },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(EngineError) -> SHA256Digest {
    let contents = try decidingContents(of: files)
    let total = contents.reduce(0) { $0 + $1.file.count }
    var done = 0
    var hasher = SHA256Hasher()
    hasher.update("model fingerprint 1")
    hasher.update(contents.count)
    for (name, file) in contents {
      let known = file.identity.flatMap(lookup)
      let digest = known ?? digest(of: file) { progress(done + $0, total) }
      if known == nil, let identity = file.identity {
        guard identity.isCurrent else { throw .fileChanged(path: identity.path.description) }
        store(identity, digest)
      }
      done += file.count
      progress(done, total)
      hasher.update(name)
      hasher.update(digest)
    }
    return hasher.finalize()
  }

  /// The files that decide the states, in order, and the names that they are hashed under.
  private static func decidingContents(
    of files: some ModelFiles
  ) throws(EngineError) -> [(name: String, file: FileBytes)] {
    // Parts of a GGUF model follow each other, whatever the files are called.
    if let gguf = files.gguf { return gguf.parts.map { ("gguf", $0.file) } }
    let names = files.names.filter { decidingFiles.contains($0) || $0.hasSuffix(".safetensors") }.sorted()
    for required in ["config.json", "tokenizer.json"] where !names.contains(required) {
      throw .missingFile(name: required, location: files.location)
    }
    guard names.contains(where: { $0.hasSuffix(".safetensors") }) else { throw ModelWeights.missingWeights(in: files) }
    var contents: [(name: String, file: FileBytes)] = []
    for name in names { contents.append((name, try files.requiredFile(name))) }
    return contents
  }

  /// Bytes hashed between two reports of progress.
  private static let step = 64 << 20

  private static func digest(of file: FileBytes, progress: (Int) -> Void) -> SHA256Digest {
    var hasher = SHA256Hasher()
    var offset = 0
    while offset < file.count {
      let end = min(offset + step, file.count)
      hasher.update(bytes: file.bytes.extracting(offset..<end))
      offset = end
      progress(offset)
    }
    return hasher.finalize()
  }
}
