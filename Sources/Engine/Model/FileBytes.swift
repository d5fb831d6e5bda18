public import FileSystem
import Glibc

/// The bytes of one file, in memory for as long as this object lives: mapped read-only, linked into the program, or
/// made by the engine.
///
/// A mapped file must not shrink while it is in use (that is the system's rule for every map).
@safe public final class FileBytes: Sendable {
  /// What tells whether a file is still the one that was read before, without reading it again.
  public struct Identity: Hashable, Sendable {
    /// Path with links resolved.
    public let path: FilePath
    /// Which file it is, whatever its name.
    public let file: FileStatus.Identity
    /// Size in bytes.
    public let size: Int
    /// When the contents last changed, in nanoseconds since 1970; programs can set it.
    public let modificationTime: Int
    /// When the contents or the status last changed, in nanoseconds since 1970; programs cannot set it.
    public let changeTime: Int

    init(_ status: FileStatus, path: FilePath) {
      self.path = path
      file = status.identity
      size = status.byteCount
      modificationTime = status.modificationTime
      changeTime = status.changeTime
    }

    /// Whether this is what the path leads to now.
    public var isCurrent: Bool {
      guard let status = try? FileStatus(of: path) else { return false }
      return Identity(status, path: path) == self
    }
  }

  /// Number of bytes.
  public let count: Int
  /// Identity of a mapped file, `nil` for other bytes.
  public let identity: Identity?

  // Never written after `init`, and the memory is read-only: safe to share.
  nonisolated(unsafe) private let base: UnsafeRawPointer?
  private let isMapped: Bool
  /// The mapped file, kept open to see whether it changes, and for a lock on it.
  private let file: OpenFile?

  /// Maps the file at `path`.
  ///
  /// - Throws: `EngineError.unreadableFile`; `.foreignFile` for what is no regular file.
  public convenience init(mapping path: FilePath) throws(EngineError) {
    do throws(SystemFailure) {
      try self.init(mapping: OpenFile(path, .reading))
    } catch {
      throw EngineError(reading: error)
    }
  }

  /// Maps an open file, and keeps it open.
  convenience init(mapping file: consuming OpenFile) throws(SystemFailure) {
    let map = try Map(file)
    self.init(map, consume file)
  }

  private init(_ map: Map, _ file: consuming OpenFile) {
    count = map.identity.size
    identity = map.identity
    unsafe base = map.base
    isMapped = count > 0
    self.file = consume file
  }

  /// Bytes that live as long as the program.
  public init(staticMemory bytes: UnsafeRawBufferPointer) {
    count = bytes.count
    unsafe base = bytes.baseAddress
    identity = nil
    isMapped = false
    file = nil
  }

  /// Memory of this process that `fill` writes; it is zero at first, and begins at a page.
  ///
  /// - Throws: `EngineError.outOfMemory`, and what `fill` throws.
  init(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(EngineError) -> Void
  ) throws(EngineError) {
    let address = unsafe mmap(nil, max(byteCount, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .outOfMemory(byteCount: byteCount)
    }
    // Once all of this is set, the memory is unmapped if `fill` throws.
    count = byteCount
    unsafe base = UnsafeRawPointer(address)
    identity = nil
    isMapped = true
    file = nil
    unsafe try fill(UnsafeMutableRawBufferPointer(start: address, count: byteCount))
  }

  deinit {
    if isMapped, let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), max(count, 1)) }
  }

  /// Whether a mapped file has become shorter, so that reading what it lacks would end the process.
  var isShortened: Bool {
    guard file != nil else { return false }
    return (try? file?.status().byteCount).map { $0 < count } ?? false
  }

  /// The bytes.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get {
      let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: base, count: count))
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }

  /// A copy of some of the bytes, for readers of text.
  func copy(of range: Range<Int>) -> [UInt8] {
    unsafe bytes.extracting(range).withUnsafeBytes { unsafe Array($0) }
  }

  /// A copy of all the bytes.
  public var array: [UInt8] { copy(of: 0..<count) }
}

/// A file that was mapped.
@safe private struct Map {
  let identity: FileBytes.Identity
  let base: UnsafeRawPointer?

  init(_ file: borrowing OpenFile) throws(SystemFailure) {
    let status = try Self.settledStatus(of: file)
    guard status.kind == .regular else { throw SystemFailure("mmap", file.path, code: ENODEV) }
    identity = FileBytes.Identity(status, path: file.path.resolved)
    guard identity.size > 0 else {  // the system maps no empty file
      unsafe base = nil
      return
    }
    let address = unsafe mmap(nil, identity.size, PROT_READ, MAP_SHARED, file.descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SystemFailure("mmap", file.path, code: errno)
    }
    unsafe base = UnsafeRawPointer(address)
  }

  /// Longest time between two ticks of the clock that time stamps are taken from.
  private static let tick = 20_000_000

  /// The status, with a change time that shows every later change: within the tick in which a file changes, it can
  /// change again without showing, so that tick is waited for.
  private static func settledStatus(of file: borrowing OpenFile) throws(SystemFailure) -> FileStatus {
    let status = try file.status()
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    let age = now.tv_sec &* 1_000_000_000 &+ now.tv_nsec &- status.changeTime
    guard age >= 0, age < tick else { return status }
    usleep(UInt32((tick - age) / 1000 + 1))
    return try file.status()
  }
}

extension EngineError {
  /// What the system said when a file of a model was read.
  init(reading failure: SystemFailure) {
    let status = try? FileStatus(of: failure.path)
    if failure.code == ENODEV, let kind = status?.kind, kind != .regular {
      self = .foreignFile(name: failure.path.description, .special(kind))
    } else {
      self = .unreadableFile(path: failure.path.description, reason: failure.reason)
    }
  }
}
