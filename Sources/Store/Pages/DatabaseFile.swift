internal import Glibc

/// LMDB's file, read page by page without LMDB and without the map: what is damaged is found, not followed.
final class DatabaseFile: Sendable {
  private let file: File
  let meta: Meta

  /// The file at `path` as the commit numbered `commit` left it, or as the newest did.
  ///
  /// - Returns: `nil` if no meta page shows that commit (any more).
  init?(_ path: String, commit: Int? = nil) throws(StoreError) {
    file = try File(path, O_RDONLY)
    var found: Meta?
    // The page size stands in the first meta page, and is the same in both.
    let first = try file.read(Meta.byteCount, at: 0)
    guard let one = unsafe Meta(first.span.bytes) else { return nil }
    let second = try file.read(Meta.byteCount, at: one.pageByteCount)
    for meta in unsafe [one, Meta(second.span.bytes)].compactMap({ $0 }) {
      if let commit, meta.commit != commit { continue }
      if meta.commit >= found?.commit ?? 0 { found = meta }
    }
    guard let found else { return nil }
    meta = found
  }

  /// Bytes of the file.
  func byteCount() throws(StoreError) -> Int { try file.byteCount() }

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
    let bytes: [UInt8]
    do throws(StoreError) {
      bytes = try file.read(count, at: number * meta.pageByteCount + offset)
    } catch {
      let code = if case .system(_, _, let code) = error { code } else { EIO }
      throw PageDefect(page: number, problem: .unreadable(code: code))
    }
    guard bytes.count == count else { throw PageDefect(page: number, problem: .behindTheEnd) }
    return bytes
  }
}
