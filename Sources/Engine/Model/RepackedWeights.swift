public import ContentHash
public import FileSystem
import Glibc

/// Where weights in another format than the checkpoint's are kept, so that they are made once and shared by all
/// processes.
///
/// A file is written under another name and renamed when it is whole and on the disk, so no reader sees a part of it.
/// Whoever makes one holds a lock on it, for which others wait; whoever uses one shares a lock, by which others can tell.
public struct RepackedWeights: Sendable {
  /// Path of the folder; it must exist.
  public let folder: FilePath
  /// Fingerprint of the model with its weights in this format.
  public let model: SHA256Digest
  /// What the weights are made from.
  private let source: any ModelFiles

  /// The place in `folder` for weights.
  ///
  /// - Parameters:
  ///   - folder: an existing folder.
  ///   - model: fingerprint of the model with its weights in this format (`WeightFormat.fingerprint`).
  ///   - source: the model's files. If they change while the weights are made, these are not kept.
  public init(folder: FilePath, model: SHA256Digest, source: any ModelFiles) {
    self.folder = folder
    self.model = model
    self.source = source
  }

  /// What weights have been made into.
  enum Form: String {
    /// A byte each (`QuantizedFile`).
    case quantized = "safetensors"
    /// Blocks in panels (`TurnedFile`).
    case turned = "turned.safetensors"
  }

  private func name(_ form: Form) -> FilePath { FilePath("\(model.hexadecimal).\(form.rawValue)") }
  /// What the file is called while it is made.
  private func unfinishedName(_ form: Form) -> FilePath { name(form).withSuffix(".new") }

  /// The file with weights in this form, made by `fill` unless there is one that `isRight` accepts.
  ///
  /// - Throws: `EngineError.unreadableFile`, `.unwritableFile`, `.fileChanged`, and what `fill` throws.
  func file(
    _ form: Form, byteCount: Int, isRight: (FileBytes) -> Bool,
    fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) -> FileBytes {
    while true {
      if let found = try existing(form, isRight) { return found }
      let unfinished = try writing { () throws(SystemFailure) in
        try Folder(folder).open(unfinishedName(form), .creating(permissions: 0o600))
      }
      guard unfinished.tryLock(.exclusive) else {
        // Another process makes it: the lock becomes a shared one when the file is done, or goes with that process.
        unfinished.lock(.shared)
        continue
      }
      // It may have been finished, and renamed, between opening and locking.
      guard isInPlace(unfinished) else { continue }
      if let found = try existing(form, isRight) { return found }
      return unsafe try make(form, unfinished, byteCount: byteCount, fill: fill)
    }
  }

  private func isInPlace(_ file: borrowing OpenFile) -> Bool {
    guard let own = try? file.status(), let named = try? FileStatus(of: file.path) else { return false }
    return own.identity == named.identity
  }

  private func existing(_ form: Form, _ isRight: (FileBytes) -> Bool) throws(EngineError) -> FileBytes? {
    do throws(SystemFailure) {
      let file = try Folder(folder).open(name(form), .reading)
      file.lock(.shared)
      let found = try FileBytes(mapping: file)
      return isRight(found) ? found : nil
    } catch {
      if error.isNotFound { return nil }
      throw EngineError(reading: error)
    }
  }

  /// Fills the file that is locked, and gives it its name.
  private func make(
    _ form: Form, _ file: consuming OpenFile, byteCount: Int,
    fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) -> FileBytes {
    do throws(EngineError) {
      unsafe try write(file, byteCount: byteCount, fill: fill)
      try source.checkUnchanged()
      try writing { () throws(SystemFailure) in try Folder(folder).rename(unfinishedName(form), to: name(form)) }
    } catch {
      try? Folder(folder).remove(unfinishedName(form))
      throw error
    }
    file.lock(.shared)
    do throws(SystemFailure) { return try FileBytes(mapping: file) } catch { throw EngineError(reading: error) }
  }

  private func write(
    _ file: borrowing OpenFile, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) {
    let address = unsafe try writing { () throws(SystemFailure) -> UnsafeMutableRawPointer in
      try file.setLength(0)
      // Room for all of it first: a full disk is an error here, and would be a signal in the map.
      try file.allocate(0..<byteCount)
      let address = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor, 0)
      guard let address = unsafe address, unsafe address != MAP_FAILED else {
        throw SystemFailure("mmap", file.path, code: errno)
      }
      return unsafe address
    }
    defer { unsafe munmap(address, byteCount) }
    unsafe try fill(UnsafeMutableRawBufferPointer(start: address, count: byteCount))
    try writing { () throws(SystemFailure) in try file.synchronize() }
  }

  private func writing<R: ~Copyable>(_ body: () throws(SystemFailure) -> R) throws(EngineError) -> R {
    do throws(SystemFailure) { return try body() } catch { throw EngineError(writing: error) }
  }
}

extension EngineError {
  fileprivate init(writing failure: SystemFailure) {
    self = .unwritableFile(path: failure.path.description, reason: failure.reason)
  }
}
