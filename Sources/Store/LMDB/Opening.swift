internal import CLMDB
internal import FileSystem
internal import Glibc

/// How much address space a map asks for.
struct MapLimit {
  /// Bytes, if the process can have them.
  var byteCount = Environment.largestMap
  /// Bytes that the map may grow to; what is asked for next, if not the first can be had.
  var smaller: Int?

  /// Bytes to ask for once `byteCount` were refused: what the map may grow to; if that cannot be had, half of what can,
  /// which leaves some for models; at least the `needed` ones.
  func second(needed: Int) -> Int {
    if let smaller, smaller < byteCount, Self.isAvailable(max(smaller, needed)) { return max(smaller, needed) }
    var available = byteCount / 2
    while available > needed, !Self.isAvailable(available) { available /= 2 }
    return max(needed, available / 2)
  }

  /// Whether the process could map so many bytes now.
  private static func isAvailable(_ byteCount: Int) -> Bool {
    let map = unsafe mmap(nil, byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard unsafe map != MAP_FAILED, let map = unsafe map else { return false }
    unsafe munmap(map, byteCount)
    return true
  }
}

/// One way to open an environment.
struct Opening {
  /// The folder, and what messages call it.
  let path: FilePath
  let shown: FilePath
  let flags: Int32

  /// An environment that is open.
  @safe struct Result {
    let handle: OpaquePointer
    let opener: OpenerNumber?
  }

  /// Opens the environment with a map of the size that `map` asks for, or the size that can be had, and a number for this
  /// opener that nobody else has. `needed` bytes are in use.
  func run(map: MapLimit, needed: Int, _ access: AccessLock?) throws(StoreError) -> Result {
    var mapByteCount = map.byteCount
    // With random numbers the second attempt is never needed; without them the eighth fails like the first.
    for _ in 0..<8 {
      var opened = unsafe open(mapByteCount)
      if unsafe opened.code == ENOMEM {
        // Rounded up to the largest pages that there are.
        mapByteCount = (map.second(needed: needed + Self.room) + 0xFFFF) & ~0xFFFF
        unsafe opened = open(mapByteCount)
      }
      guard unsafe opened.code == MDB_SUCCESS, let handle = unsafe opened.handle else {
        if unsafe opened.code == ENOMEM { throw .noAddressSpace(path: shown.description, byteCount: mapByteCount) }
        throw unsafe StoreError(code: opened.code, operation: opened.operation, path: shown.description)
      }
      let opener = unsafe opened.opener
      let code: Int32
      do throws(StoreError) {
        code = try unsafe claim(opener, handle, access)
      } catch {
        unsafe mdb_env_close(handle)
        throw error
      }
      if code == MDB_SUCCESS { return unsafe Result(handle: handle, opener: opener) }
      unsafe opener?.prepareToClose(handle)
      unsafe mdb_env_close(handle)
      guard code == EAGAIN || code == EACCES else {
        throw StoreError(code: code, operation: "mdb_txn_begin", path: shown.description, mapByteCount: mapByteCount)
      }
    }
    throw .sameProcessNumber(path: shown.description, process: getpid())
  }

  /// Bytes that the file may grow at the least.
  private static let room = 1 << 20

  private func open(
    _ mapByteCount: Int
  ) -> (operation: String, code: Int32, handle: OpaquePointer?, opener: OpenerNumber?) {
    var handle: OpaquePointer?
    var (operation, code) = unsafe ("mdb_env_create", mdb_env_create(&handle))
    guard code == MDB_SUCCESS, let handle = unsafe handle else { return (operation, code, nil, nil) }
    unsafe mdb_env_set_maxdbs(handle, UInt32(Table.Name.allCases.count))
    unsafe mdb_env_set_maxreaders(handle, UInt32(Environment.readerSlots))
    let opener = unsafe OpenerNumber(replacing: handle)
    (operation, code) = unsafe ("mdb_env_set_mapsize", mdb_env_set_mapsize(handle, mapByteCount))
    if code == MDB_SUCCESS {
      (operation, code) = unsafe (
        "mdb_env_open", path.withCString { unsafe mdb_env_open(handle, $0, UInt32(flags), 0o600) }
      )
    }
    guard code == MDB_SUCCESS else {
      unsafe mdb_env_close(handle)
      return (operation, code, nil, nil)
    }
    return unsafe (operation, code, handle, opener)
  }

  /// Has LMDB lock the number of this opener.
  ///
  /// - Returns: LMDB's result; `EAGAIN` if another process has the number.
  private func claim(
    _ opener: OpenerNumber?, _ handle: OpaquePointer, _ access: AccessLock?
  ) throws(StoreError) -> Int32 {
    guard flags & MDB_RDONLY == 0 else { return MDB_SUCCESS }
    // A process that was killed may have left slots of this number, which LMDB would not free now.
    if let opener, unsafe handle.readerSlots()?.contains(where: { $0.opener == opener.value }) == true { return EAGAIN }
    func begin() -> Int32 {
      let (code, transaction) = unsafe handle.beginReading()
      unsafe mdb_txn_abort(transaction)
      return code
    }
    guard let access else { return begin() }
    return try access.changingReaders(begin)
  }
}

/// What LMDB takes for the number of this process.
///
/// LMDB tells those who read a store apart by process number, and refuses a second one of the same number. But each
/// container counts its processes from 1. So every opener gets a random number, above all that the system gives out.
/// LMDB's interface has no call for that, so it is written into the environment, but only if the words around it are those
/// of the layout that we know (LMDB 0.9). If they are not, the process's own number stays.
struct OpenerNumber {
  let value: Int32

  /// Words of 32 bits at the start of an environment that was just made: three descriptors, flags, two sizes of pages,
  /// slots, slots in use, tables in use, tables, and the process.
  private enum Word {
    static let lockFile = 1
    static let flags = 3
    static let pageByteCount = 4
    static let slots = 6
    static let usedSlots = 7
    static let usedTables = 8
    static let tables = 9
    static let process = 10
  }

  /// Gives the environment `handle`, which was just made, a number of its own.
  ///
  /// - Returns: `nil` if this LMDB keeps it elsewhere.
  init?(replacing handle: OpaquePointer) {
    let words = unsafe UnsafeMutablePointer<Int32>(handle)
    let unnamedTables: Int32 = 2
    guard (0..<3).allSatisfy({ unsafe words[$0] == -1 }),
      unsafe words[Word.flags] == 0, unsafe words[Word.pageByteCount] == 0,
      unsafe words[Word.slots] == Environment.readerSlots, unsafe words[Word.usedSlots] == 0,
      unsafe words[Word.usedTables] == unnamedTables,
      unsafe Int(words[Word.tables]) == Int(unnamedTables) + Table.Name.allCases.count,
      unsafe words[Word.process] == getpid()
    else { return nil }
    // The system's own end at 4,194,304.
    value = Int32.random(in: 1 << 30..<Int32.max)
    unsafe words[Word.process] = value
  }

  /// LMDB's own descriptor of its lock file, which its interface does not tell.
  func lockFileDescriptor(of handle: OpaquePointer) -> Int32 {
    unsafe UnsafePointer<Int32>(handle)[Word.lockFile]
  }

  /// Keeps LMDB from freeing, when it closes the environment, the slots of all processes with this one's real number. No
  /// snapshot is left, so there is nothing for it to free.
  func prepareToClose(_ handle: OpaquePointer) {
    unsafe UnsafeMutablePointer<Int32>(handle)[Word.usedSlots] = 0
  }
}

extension OpaquePointer {
  /// Begins a transaction that reads the environment.
  func beginReading() -> (code: Int32, handle: OpaquePointer?) {
    var handle: OpaquePointer?
    let code = unsafe mdb_txn_begin(self, nil, UInt32(MDB_RDONLY), &handle)
    return unsafe (code, handle)
  }

  /// The slots of the environment's readers that are taken: by whom, and for which commit.
  func readerSlots() -> [(opener: Int32, commit: Int)]? {
    var lines = ""
    let code = unsafe withUnsafeMutablePointer(to: &lines) { lines in
      // LMDB's table: a heading, then a line of process, thread and commit each (`-` for none).
      unsafe mdb_reader_list(
        self,
        { line, context in
          guard let line = unsafe line else { return 0 }
          unsafe context?.assumingMemoryBound(to: String.self).pointee += String(cString: line)
          return 0
        }, lines)
    }
    guard code >= 0 else { return nil }
    return lines.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count == 3, let opener = Int32(fields[0]), let commit = Int(fields[2]) else { return nil }
      return (opener, commit)
    }
  }
}
