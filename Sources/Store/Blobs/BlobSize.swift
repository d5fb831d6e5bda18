internal import KVCacheFormat

/// How long the value is that holds a blob.
enum BlobSize {
  /// Bytes that LMDB lets a value have (and this format, so that a value is a whole number of pages).
  static let limit = 0xFFFF_FFFF
  /// Bytes of the value that holds a payload of `layout`: header and payload, filled up to a whole number of pages.
  ///
  /// So a value never lies inside a page with others, its payload always begins at a multiple of 64 bytes, and freed
  /// space fits the next one more often.
  static func value(_ layout: KVBlobLayout, pageByteCount: Int) throws(StoreError) -> Int {
    let most = limit - pageByteCount - BlobHeader.byteCount
    guard let payload = layout.checkedByteCount, payload <= most else {
      throw .blobTooLarge(byteCount: layout.checkedByteCount ?? .max, limit: most)
    }
    let used = Page.headerByteCount + BlobHeader.byteCount + payload
    return (used + pageByteCount - 1) / pageByteCount * pageByteCount - Page.headerByteCount
  }

  /// Bytes of the pages that hold a value of `byteCount` bytes.
  static func onDisk(value byteCount: Int) -> Int { Page.headerByteCount + byteCount }
}
