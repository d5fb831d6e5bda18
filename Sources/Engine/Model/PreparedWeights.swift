public import ContentHash
import Glibc

/// Where what had to be made of weights is kept, so that it is made once and shared by all processes.
///
/// A file is written under another name and renamed when it is whole and on the disk, so that no reader sees a part of
/// it. Who makes one holds a lock on it, for which others wait; who uses one shares a lock, by which others can tell.
public struct PreparedWeights: Sendable {
  /// Path of the folder; it must exist.
  public let folder: String
  /// Fingerprint of the model with its weights in this format.
  public let model: SHA256Digest

  /// The place in `folder` for the weights of the model with this fingerprint (`WeightFormat.fingerprint`).
  public init(folder: String, model: SHA256Digest) {
    self.folder = folder
    self.model = model
  }

  private var path: String { "\(folder)/\(model.hexadecimal).safetensors" }
  /// Where the file is made.
  private var unfinishedPath: String { "\(path).new" }

  /// The file, made by `fill` unless there is one that `isRight` accepts.
  ///
  /// - Throws: `EngineError.unreadableFile`, `.unwritableFile`, and what `fill` throws.
  func file(
    byteCount: Int, isRight: (FileBytes) -> Bool, fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) -> FileBytes {
    while true {
      if let found = try existing(isRight) { return found }
      guard let unfinished = try FileLock(opening: unfinishedPath, O_RDWR | O_CREAT) else { continue }
      guard unfinished.lockIfFree() else {
        // Someone makes it: the lock becomes a shared one when it is done, or goes with its process.
        unfinished.lock(.shared)
        continue
      }
      // It may have been finished, and renamed, between opening and locking.
      guard unfinished.isInPlace else { continue }
      if let found = try existing(isRight) { return found }
      return unsafe try make(unfinished, byteCount: byteCount, fill: fill)
    }
  }

  private func existing(_ isRight: (FileBytes) -> Bool) throws(EngineError) -> FileBytes? {
    guard let lock = try FileLock(opening: path, O_RDONLY) else { return nil }
    lock.lock(.shared)
    let found = try FileBytes(mapping: lock)
    return isRight(found) ? found : nil
  }

  /// Fills the file that is locked, and gives it its name.
  private func make(
    _ file: FileLock, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) -> FileBytes {
    do throws(EngineError) {
      unsafe try write(file, byteCount: byteCount, fill: fill)
      guard unsafe rename(file.path, path) == 0 else {
        throw EngineError.unwritableFile(path: path, reason: systemErrorText())
      }
    } catch {
      unsafe unlink(file.path)
      throw error
    }
    file.lock(.shared)
    return try FileBytes(mapping: file)
  }

  private func write(
    _ file: FileLock, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) {
    func failure(_ code: Int32 = errno) -> EngineError {
      .unwritableFile(path: file.path, reason: systemErrorText(code))
    }
    guard ftruncate(file.descriptor, 0) == 0 else { throw failure() }
    // Room for all of it first: a full disk is an error here, and would be a signal in the map.
    let status = posix_fallocate(file.descriptor, 0, byteCount)
    guard status == 0 else { throw failure(status) }
    let address = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else { throw failure() }
    defer { unsafe munmap(address, byteCount) }
    unsafe try fill(UnsafeMutableRawBufferPointer(start: address, count: byteCount))
    guard fsync(file.descriptor) == 0 else { throw failure() }
  }
}
