/// The 16 bytes before a value that has pages of its own (see `Page`).
///
/// LMDB believes them when it frees the pages. So before a blob is replaced or removed, they are compared with the index
/// and rewritten if they are wrong.
struct RunHeader {
  /// What the bytes must be.
  let bytes: [UInt8]
  /// Where in the file they belong.
  let offset: Int
  /// Whether those in the map are right.
  let isRight: Bool

  /// The header of the run of pages that holds `value`.
  init(of value: MapRange, mapStart: UInt, pageByteCount: Int) {
    offset = Int(value.address - mapStart) - Page.headerByteCount
    var writer = RecordWriter()
    writer.append(UInt64(offset / pageByteCount))
    writer.append(UInt16(0))
    writer.append(Page.Kind.overflow.rawValue)
    writer.append(UInt32((Page.headerByteCount + value.byteCount + pageByteCount - 1) / pageByteCount))
    let bytes = writer.bytes
    let found = unsafe value.before(Page.headerByteCount).bytes
    isRight = unsafe found.equals(bytes.span.bytes)
    self.bytes = bytes
  }
}
