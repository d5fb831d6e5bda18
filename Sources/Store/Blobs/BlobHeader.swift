internal import KVCacheFormat

/// The first 48 bytes of a blob: what it holds, and how to tell that it is whole.
///
///     0   4  magic, `PCKV`
///     4   2  format version, 1
///     6   1  element
///     7   1  0
///     8   4  heads
///     12  4  numbers per head
///     16  4  tokens: of a layer with a sliding window those that it keeps, the last ones
///     20  4  layer
///     24  8  bytes of payload
///     32  8  XXH3-64 of the key
///     40  8  XXH3-64 of the key, of bytes 0 to 39, and of all that follows byte 47
///
/// All numbers have their least significant byte first. The payload begins at byte 48, zeros follow it up to the end.
struct BlobHeader: Equatable {
  static let byteCount = 48
  static let formatVersion: UInt16 = 1
  private static let magic: UInt32 = 0x564B_4350
  /// Bytes that the checksum covers.
  private static let checkedByteCount = 40

  let formatVersion: UInt16
  let element: UInt8
  let reserved: UInt8
  let heads: UInt32
  let headDimension: UInt32
  let tokens: UInt32
  let layer: UInt32
  let payloadByteCount: UInt64
  let keyHash: UInt64
  let checksum: UInt64
}

// MARK: - Bytes

extension BlobHeader {
  /// The header at the start of `value`.
  init(of value: RawSpan) throws(BlobDefect) {
    guard value.byteCount >= Self.byteCount else {
      throw .truncated(byteCount: value.byteCount, expected: Self.byteCount)
    }
    guard value.integer(at: 0, as: UInt32.self) == Self.magic else { throw .notABlob }
    formatVersion = value.integer(at: 4, as: UInt16.self)
    guard formatVersion == Self.formatVersion else {
      throw .otherFormat(found: Int(formatVersion), supported: Int(Self.formatVersion))
    }
    element = value.integer(at: 6, as: UInt8.self)
    reserved = value.integer(at: 7, as: UInt8.self)
    guard reserved == 0 else { throw .notABlob }
    heads = value.integer(at: 8, as: UInt32.self)
    headDimension = value.integer(at: 12, as: UInt32.self)
    tokens = value.integer(at: 16, as: UInt32.self)
    layer = value.integer(at: 20, as: UInt32.self)
    payloadByteCount = value.integer(at: 24, as: UInt64.self)
    keyHash = value.integer(at: 32, as: UInt64.self)
    checksum = value.integer(at: 40, as: UInt64.self)
  }

  /// Number of tokens that the header at the start of `value` names, whatever else it says; `nil` if there is none.
  static func tokens(of value: RawSpan) -> Int? {
    value.byteCount < byteCount ? nil : Int(value.integer(at: 16, as: UInt32.self))
  }

  /// The header of a blob of `layout` at `key`, its checksum not computed yet.
  init(_ layout: KVBlobLayout, key: RawSpan, layer: Int) throws(StoreError) {
    guard let heads = UInt32(exactly: layout.shape.heads),
      let headDimension = UInt32(exactly: layout.shape.headDimension),
      let tokens = UInt32(exactly: layout.tokens), let layer = UInt32(exactly: layer)
    else { throw .blobTooLarge(byteCount: .max, limit: BlobSize.limit) }
    formatVersion = Self.formatVersion
    element = layout.element.code
    reserved = 0
    self.heads = heads
    self.headDimension = headDimension
    self.tokens = tokens
    self.layer = layer
    payloadByteCount = UInt64(layout.byteCount)
    keyHash = Checksum.of(key)
    checksum = 0
  }

  /// Writes the header of the blob `value`, whose payload is in place, with its checksum.
  func seal(_ value: inout MutableRawSpan, key: RawSpan) {
    value.store(Self.magic, at: 0)
    value.store(formatVersion, at: 4)
    value.store(element, at: 6)
    value.store(reserved, at: 7)
    value.store(heads, at: 8)
    value.store(headDimension, at: 12)
    value.store(tokens, at: 16)
    value.store(layer, at: 20)
    value.store(payloadByteCount, at: 24)
    value.store(keyHash, at: 32)
    value.store(Self.checksum(of: value.bytes, key: key), at: 40)
  }

  /// The checksum that a blob's header must hold.
  static func checksum(of value: RawSpan, key: RawSpan) -> UInt64 {
    let checksum = Checksum()
    checksum.update(key)
    checksum.update(value.extracting(first: checkedByteCount))
    checksum.update(value.extracting(droppingFirst: byteCount))
    return checksum.value
  }
}

// MARK: - Checks

extension BlobHeader {
  /// Throws unless this is the header of a value of `byteCount` bytes at `key` that holds what `layout` says.
  func check(_ layout: KVBlobLayout, byteCount: Int, key: RawSpan, layer: Int) throws(BlobDefect) {
    guard element == layout.element.code else { throw .otherElement(found: element, expected: layout.element.code) }
    let expected = BlobShape(layout)
    guard shape == expected else { throw .otherShape(found: shape, expected: expected) }
    guard layer == Int(self.layer), keyHash == Checksum.of(key) else { throw .otherKey }
    guard payloadByteCount == layout.byteCount else { throw .notABlob }
    let expectedByteCount = Self.byteCount + layout.byteCount
    guard byteCount >= expectedByteCount else { throw .truncated(byteCount: byteCount, expected: expectedByteCount) }
  }

  /// Throws unless `value`, whose header this is, holds at `key` what it says, bit by bit, and its numbers are finite.
  func check(_ value: RawSpan, key: RawSpan) throws(BlobDefect) {
    guard let layer = BlobKey(key)?.layer, let layout else { throw .notABlob }
    try check(layout, byteCount: value.byteCount, key: key, layer: layer)
    let found = Self.checksum(of: value, key: key)
    guard found == checksum else { throw .checksum(found: found, expected: checksum) }
    guard layout.holdsFiniteNumbers(value.extracting(Self.byteCount..<Self.byteCount + layout.byteCount)) else {
      throw .notFinite
    }
  }

  /// The layout that it says, or `nil` if there is none such.
  var layout: KVBlobLayout? {
    guard let element = KVElement(code: element), heads > 0, headDimension > 0 else { return nil }
    let shape = KVShape(layers: 1, heads: Int(heads), headDimension: Int(headDimension))
    let layout = KVBlobLayout(element: element, shape: shape, tokens: Int(tokens))
    return layout.checkedByteCount.flatMap { UInt64($0) == payloadByteCount ? layout : nil }
  }

  /// What it says of the sides.
  var shape: BlobShape { BlobShape(heads: Int(heads), headDimension: Int(headDimension), tokens: Int(tokens)) }
}

extension BlobShape {
  init(_ layout: KVBlobLayout) {
    self.init(heads: layout.shape.heads, headDimension: layout.shape.headDimension, tokens: layout.tokens)
  }
}
