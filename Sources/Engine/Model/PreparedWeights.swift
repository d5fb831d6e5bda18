public import ContentHash
import Glibc

/// Where what had to be made of weights is kept, so that it is made once and shared by all processes.
///
/// A file is written under another name and renamed when it is whole, so that no reader sees a part of it.
public struct PreparedWeights: Sendable {
  /// Path of the folder; it must exist.
  public let folder: String
  /// Fingerprint of the model, by the content of its files.
  public let model: SHA256Digest

  /// The place for `model` in `folder`.
  public init(folder: String, model: SHA256Digest) {
    self.folder = folder
    self.model = model
  }

  /// The file for a format, such as `3f…a0.q8.safetensors`.
  func path(_ format: WeightFormat) -> String { "\(folder)/\(model.hexadecimal).\(format.rawValue).safetensors" }

  /// The file, made by `fill` unless there is one that `isRight` accepts.
  ///
  /// - Throws: `EngineError.unreadableFile`, `.unwritableFile`.
  func file(
    _ format: WeightFormat, byteCount: Int, isRight: (FileBytes) -> Bool,
    fill: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(EngineError) -> FileBytes {
    let path = path(format)
    if unsafe access(path, R_OK) == 0 {
      let found = try FileBytes(mapping: path)
      if isRight(found) { return found }
    }
    let temporary = "\(path).\(getpid())"
    do throws(EngineError) {
      unsafe try write(temporary, byteCount: byteCount, fill: fill)
      guard unsafe rename(temporary, path) == 0 else {
        throw EngineError.unwritableFile(path: path, reason: systemErrorText())
      }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
    return try FileBytes(mapping: path)
  }

  private func write(
    _ path: String, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(EngineError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritableFile(path: path, reason: systemErrorText()) }
    defer { close(descriptor) }
    // Room for all of it first: a full disk is an error here, and would be a signal in the map.
    let status = posix_fallocate(descriptor, 0, byteCount)
    guard status == 0 else { throw .unwritableFile(path: path, reason: systemErrorText(status)) }
    let address = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .unwritableFile(path: path, reason: systemErrorText())
    }
    unsafe fill(UnsafeMutableRawBufferPointer(start: address, count: byteCount))
    unsafe munmap(address, byteCount)
    guard fsync(descriptor) == 0 else { throw .unwritableFile(path: path, reason: systemErrorText()) }
  }
}
