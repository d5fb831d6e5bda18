internal import FileSystem
internal import Glibc
import Synchronization

/// Locks between processes, on the bytes of a file of their own. The system drops them when their process ends.
///
/// They are POSIX record locks, which a process loses as soon as it closes *any* descriptor of the file. So a process has
/// one of these for each store (`OpenStores`), and nothing else opens the file. They work across containers.
final class AccessLock: Sendable {
  /// What each byte of the file stands for.
  private enum Byte {
    /// Shared by all who have the store open; exclusive for compaction, which replaces its file.
    static let open = 0
    /// Exclusive for the writer; shared by those whose snapshots LMDB's table of readers does not list.
    static let writer = 1
    /// Exclusive while LMDB's table of readers is changed.
    static let readers = 2
    /// From here on, one for each thing that may be held; shared by its holders.
    static let firstHeld = 1 << 32
  }

  /// Whether this process can only read the store (`StoreFolder.canOnlyBeRead`).
  let isReadOnly: Bool
  private let path: FilePath
  /// `nil` if there is no file and none can be made; nobody needs a lock then. The descriptor of `file`.
  private let descriptor: Int32?
  /// `nil` once closed.
  private let file: Mutex<OpenFile?>
  /// Keeps the threads of this process apart, which record locks do not.
  private let writers = ThreadLock()
  private let readerChanges = ThreadLock()
  /// Snapshots of this process that LMDB's table does not list.
  private let unlisted = Mutex(0)
  private let holds = Mutex(Holds())

  /// What this process does with the bytes of things that may be held.
  private struct Holds {
    /// How many holders each has.
    var counts: [Int: Int] = [:]
    /// Those that nobody may hold at the moment.
    var excluded: Set<Int> = []
    /// Those that one caller has claimed.
    var claimed: Set<Int> = []
  }

  /// Opens the file and says that this process uses the store in `folder`.
  init(in folder: StoreFolder) throws(StoreError) {
    path = folder.path
    isReadOnly = try folder.canOnlyBeRead()
    var opened: OpenFile?
    if !isReadOnly {
      opened = try folder.folder.openOrMakeOwn(StoreFolder.accessName)
    } else if try storing(try folder.folder.status(of: StoreFolder.accessName)) != nil {
      // A shared lock does not require the right to write.
      opened = try folder.folder.openOwn(StoreFolder.accessName, .reading)
    }
    descriptor = opened?.descriptor
    file = Mutex(opened)
    do throws(StoreError) {
      guard try set(F_RDLCK, Byte.open, wait: false) else {
        throw .inUse(path: path.description, process: holder(of: Byte.open, against: F_RDLCK))
      }
    } catch {
      close()
      throw error
    }
  }

  /// Gives up all locks. It must not be used afterwards.
  func close() { file.withLock { $0 = nil } }

  /// Makes sure that no other process has the store open, now or until this is closed.
  func excludeAll() throws(StoreError) {
    guard try set(F_WRLCK, Byte.open, wait: false) else {
      throw .inUse(path: path.description, process: holder(of: Byte.open, against: F_WRLCK))
    }
  }

  /// Runs `body` as the store's only writer; calls `onWait` if it has to wait for another.
  func asWriter<R>(
    onWait: ((WriterWait) -> Void)?, _ body: () throws(StoreError) -> R
  ) throws(StoreError) -> R {
    if !writers.tryLock() {
      onWait?(WriterWait(path: path.description, process: getpid()))
      writers.lock()
    }
    defer { writers.unlock() }
    if try !set(F_WRLCK, Byte.writer, wait: false) {
      onWait?(WriterWait(path: path.description, process: holder(of: Byte.writer, against: F_WRLCK)))
      _ = try set(F_WRLCK, Byte.writer, wait: true)
    }
    defer { _ = try? set(F_UNLCK, Byte.writer, wait: false) }
    return try body()
  }

  /// Runs `body` as the store's only writer, unless there is another.
  ///
  /// - Returns: `nil` if there is.
  func asWriterIfIdle<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R? {
    guard !isReadOnly, writers.tryLock() else { return nil }
    defer { writers.unlock() }
    guard try set(F_WRLCK, Byte.writer, wait: false) else { return nil }
    defer { _ = try? set(F_UNLCK, Byte.writer, wait: false) }
    return try body()
  }
}

// MARK: - Readers

extension AccessLock {
  /// Runs `body`, which changes LMDB's table of readers, while nobody else does.
  ///
  /// LMDB has a mutex of its own for that. But when a process is killed, the system tells whether it owned a mutex by the
  /// number of a thread, which threads in different containers share. This lock keeps anyone from waiting for that mutex.
  func changingReaders<R>(_ body: () -> R) throws(StoreError) -> R {
    readerChanges.lock()
    defer { readerChanges.unlock() }
    _ = try set(F_WRLCK, Byte.readers, wait: true)
    defer { _ = try? set(F_UNLCK, Byte.readers, wait: false) }
    return body()
  }

  /// Keeps writers away until `endUnlisted`: they would not know of the snapshot that is about to begin. Waits for the one
  /// that writes now.
  func beginUnlisted() throws(StoreError) {
    try unlisted.withLock { (count) throws(StoreError) in
      if count == 0 { _ = try set(F_RDLCK, Byte.writer, wait: true) }
      count += 1
    }
  }

  /// Ends a snapshot that LMDB's table does not list.
  func endUnlisted() {
    unlisted.withLock { count in
      count -= 1
      if count == 0 { _ = try? set(F_UNLCK, Byte.writer, wait: false) }
    }
  }
}

// MARK: - Holding

extension AccessLock {
  /// The byte that stands for what `key` names.
  private func byte(_ key: RawSpan) -> Int { Byte.firstHeld | Int(Checksum.of(key) >> 2) }

  /// Holds what `key` names, together with whoever else does; waits while others are excluded from it.
  func hold(_ key: RawSpan) throws(StoreError) {
    let byte = byte(key)
    while try !tryHolding(byte) { usleep(1000) }
  }

  private func tryHolding(_ byte: Int) throws(StoreError) -> Bool {
    try holds.withLock { (holds) throws(StoreError) in
      guard !holds.excluded.contains(byte) else { return false }
      if holds.counts[byte] == nil, try !set(F_RDLCK, byte, wait: false) { return false }
      holds.counts[byte, default: 0] += 1
      return true
    }
  }

  /// Ends one hold.
  func release(_ key: RawSpan) {
    let byte = byte(key)
    holds.withLock { holds in
      holds.counts[byte] = holds.counts[byte].flatMap { $0 > 1 ? $0 - 1 : nil }
      if holds.counts[byte] == nil { _ = try? set(F_UNLCK, byte, wait: false) }
    }
  }

  /// Whether anyone, in any process, holds what `key` names.
  func isHeld(_ key: RawSpan) -> Bool {
    let byte = byte(key)
    return holds.withLock { $0.counts[byte] != nil } || isLocked(byte)
  }

  /// Prevents everyone, in any process, from beginning to hold what `key` names until `readmit`. The caller is the writer.
  ///
  /// - Returns: `false` if somebody holds it.
  func exclude(_ key: RawSpan) -> Bool {
    let byte = byte(key)
    return holds.withLock { holds in
      guard holds.counts[byte] == nil, (try? set(F_WRLCK, byte, wait: false)) == true else { return false }
      holds.excluded.insert(byte)
      return true
    }
  }

  /// Lets others hold again all that they were excluded from.
  func readmit() {
    holds.withLock { holds in
      for byte in holds.excluded { _ = try? set(F_UNLCK, byte, wait: false) }
      holds.excluded = []
    }
  }
}

// MARK: - Claiming

extension AccessLock {
  /// Claims what `key` names for this caller alone, among all threads and processes; calls `onWait` if it has to wait.
  func claim(_ key: RawSpan, onWait: ((WriterWait) -> Void)?) throws(StoreError) {
    let byte = byte(key)
    var isWaiting = false
    while try !tryClaiming(byte) {
      if !isWaiting { onWait?(WriterWait(path: path.description, process: holder(of: byte, against: F_WRLCK))) }
      isWaiting = true
      usleep(10_000)
    }
  }

  /// Claims what `key` names if nobody else has.
  ///
  /// - Returns: whether it did.
  func claimIfFree(_ key: RawSpan) throws(StoreError) -> Bool { try tryClaiming(byte(key)) }

  private func tryClaiming(_ byte: Int) throws(StoreError) -> Bool {
    try holds.withLock { (holds) throws(StoreError) in
      guard !holds.claimed.contains(byte), try set(F_WRLCK, byte, wait: false) else { return false }
      holds.claimed.insert(byte)
      return true
    }
  }

  /// Ends a claim.
  func endClaim(of key: RawSpan) {
    let byte = byte(key)
    holds.withLock { holds in
      holds.claimed.remove(byte)
      _ = try? set(F_UNLCK, byte, wait: false)
    }
  }

  /// Whether anyone, in any process, has a claim on what `key` names.
  func isClaimed(_ key: RawSpan) -> Bool {
    let byte = byte(key)
    guard !holds.withLock({ $0.claimed.contains(byte) }) else { return true }
    guard let descriptor else { return false }
    var lock = request(F_RDLCK, byte)
    return unsafe fcntl(descriptor, F_GETLK, &lock) == 0 && Int32(lock.l_type) == F_WRLCK
  }
}

// MARK: - Record locks

extension AccessLock {
  private func request(_ type: Int32, _ byte: Int) -> flock {
    flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: byte, l_len: 1, l_pid: 0)
  }

  /// Sets the lock on `byte`.
  ///
  /// - Returns: `false` if another process has it and `wait` is false.
  private func set(_ type: Int32, _ byte: Int, wait: Bool) throws(StoreError) -> Bool {
    guard let descriptor else { return true }
    var lock = request(type, byte)
    while true {
      let result = calling { unsafe fcntl(descriptor, wait ? F_SETLKW : F_SETLK, &lock) }
      guard result.value < 0 else { return true }
      switch result.code {
      // The system reports a deadlock where a thread of each of two processes waits for the other process.
      case EDEADLK where wait: usleep(100)
      case EAGAIN, EACCES: return false
      case ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL:
        throw .unsuitableFileSystem(path: path.description, type: "unknown", reason: "it has no file locks")
      default: throw .system(operation: "fcntl", path: path.description, code: result.code)
      }
    }
  }

  /// Whether another process shares the lock on `byte`.
  private func isLocked(_ byte: Int) -> Bool {
    guard let descriptor else { return false }
    var lock = request(F_WRLCK, byte)
    return calling { unsafe fcntl(descriptor, F_GETLK, &lock) }.value == 0 && Int32(lock.l_type) == F_RDLCK
  }

  /// The process whose lock on `byte` stands in the way of one of `type`, where the system tells.
  private func holder(of byte: Int, against type: Int32) -> Int32? {
    guard let descriptor else { return nil }
    var lock = request(type, byte)
    guard calling({ unsafe fcntl(descriptor, F_GETLK, &lock) }).value == 0 else { return nil }
    return lock.l_type != F_UNLCK && lock.l_pid > 0 ? lock.l_pid : nil
  }
}
