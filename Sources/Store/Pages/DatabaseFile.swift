internal import FileSystem
internal import Glibc

/// LMDB's file, read page by page without LMDB and without the map: damage is found, not followed.
final class DatabaseFile: Sendable {
  private let file: OpenFile
  let meta: Meta

  /// The database in `file` as the commit numbered `commit` left it, or as the newest did.
  ///
  /// - Returns: `nil` if no meta page shows that commit (any more).
  init?(_ file: consuming OpenFile, commit: Int? = nil) throws(StoreError) {
    let metas = try Self.metas(of: file)
    self.file = file
    guard let found = metas.filter({ commit == nil || $0.commit == commit }).max(by: { $0.commit < $1.commit }) else {
      return nil
    }
    meta = found
  }

  /// The meta pages that are whole. The page size stands in the first, and is the same in both.
  private static func metas(of file: borrowing OpenFile) throws(StoreError) -> [Meta] {
    let first = try storing(try file.read(Meta.byteCount, at: 0))
    guard let one = unsafe Meta(first.span.bytes) else { return [] }
    let second = try storing(try file.read(Meta.byteCount, at: one.pageByteCount))
    guard let two = unsafe Meta(second.span.bytes), two.pageByteCount == one.pageByteCount else { return [one] }
    return [one, two]
  }

  /// Bytes that the newest commit in `file` says are in use; 0 if the file is empty, or not a database at all, which
  /// LMDB finds out. `folder` holds it.
  ///
  /// - Throws: `StoreError.notAStore` if a meta page has numbers that LMDB would believe and should not.
  static func byteCountInUse(of file: borrowing OpenFile, in folder: FilePath) throws(StoreError) -> Int {
    let start = try storing(try file.read(Meta.byteCount, at: 0))
    guard unsafe Meta.isRecognized(start.span.bytes) else { return 0 }
    let metas = try metas(of: file)
    guard metas.count == 2 else {
      throw .notAStore(path: folder.description, reason: "`\(StoreFolder.dataName)` is not a database")
    }
    return metas.map { $0.pageCount * $0.pageByteCount }.max() ?? 0
  }

  /// Bytes of the file.
  func byteCount() throws(StoreError) -> Int { try storing(try file.status()).byteCount }

  /// The value of `byteCount` bytes whose run of pages begins at `number`.
  func value(at number: Int, byteCount: Int) throws(PageDefect) -> [UInt8] {
    let pages = pagesOfValue(byteCount: byteCount)
    guard number <= meta.pageCount - pages else { throw PageDefect(page: number, problem: .behindTheEnd) }
    let header = try bytes(ofPage: number, from: 0, count: Page.headerByteCount)
    let page = try Page(unsafe header.span.bytes, number: number)
    guard page.kind == .overflow else { throw PageDefect(page: number, problem: .otherKind) }
    guard page.overflowPages == pages else {
      throw PageDefect(page: number, problem: .wrongRunLength(found: page.overflowPages, expected: pages))
    }
    return try bytes(ofPage: number, from: Page.headerByteCount, count: byteCount)
  }

  /// Pages that a value of `byteCount` bytes takes.
  func pagesOfValue(byteCount: Int) -> Int {
    (Page.headerByteCount + byteCount + meta.pageByteCount - 1) / meta.pageByteCount
  }

  /// The bytes of page `number`.
  func bytes(ofPage number: Int) throws(PageDefect) -> [UInt8] {
    try bytes(ofPage: number, from: 0, count: meta.pageByteCount)
  }

  private func bytes(ofPage number: Int, from offset: Int, count: Int) throws(PageDefect) -> [UInt8] {
    guard number >= 0, number < meta.pageCount else { throw PageDefect(page: number, problem: .behindTheEnd) }
    let start = number * meta.pageByteCount + offset
    let bytes: [UInt8]
    do throws(SystemFailure) {
      // Before memory is taken for what a page says.
      if count > meta.pageByteCount, start + count > (try file.status().byteCount) {
        bytes = []
      } else {
        bytes = try file.read(count, at: start)
      }
    } catch {
      throw PageDefect(page: number, problem: .unreadable(code: error.code))
    }
    guard bytes.count == count else { throw PageDefect(page: number, problem: .behindTheEnd) }
    return bytes
  }
}
