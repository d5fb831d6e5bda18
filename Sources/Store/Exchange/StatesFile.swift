internal import ContentHash
internal import KVCacheFormat

/// The head of a file that holds one encoding, all its layers: what it is, and the hash of each layer.
///
///     0   8  magic, `PCSTATES`
///     8   4  format, 1
///     12  4  layers
///     16  32 model
///     48  32 encoding
///     80  1  element, 3 zeros
///     84  4  heads
///     88  4  numbers per head
///     92  4  tokens
///     96     SHA-256 of each layer's payload, 32 each
///
/// The payloads follow, layer by layer, as `KVBlobLayout` says. The file's name is the SHA-256 of its head: so the name
/// vouches for the head, and the head for the rest, layer by layer.
struct StatesFile: Equatable {
  private static let magic = Array("PCSTATES".utf8)
  private static let fixedByteCount = 96
  /// Layers that a head may have: more would be no model, but an attempt to fill the memory.
  private static let mostLayers = 1 << 16

  let key: EncodingKey
  /// Of each layer; its shape says how many there are.
  let layout: KVBlobLayout
  /// SHA-256 of each layer's payload.
  let hashes: [SHA256Digest]

  /// Bytes of the whole file.
  var byteCount: Int { headByteCount + layout.shape.layers * layout.byteCount }
  /// Bytes of the head.
  var headByteCount: Int { Self.fixedByteCount + layout.shape.layers * SHA256Digest.byteCount }

  /// The head's bytes.
  var head: [UInt8] {
    var writer = RecordWriter()
    for byte in Self.magic { writer.append(byte) }
    writer.append(UInt32(ExportFormat.version))
    writer.append(UInt32(clamping: layout.shape.layers))
    writer.append(key.model)
    writer.append(key.encoding)
    writer.append(UInt32(key.element.code))
    writer.append(UInt32(clamping: layout.shape.heads))
    writer.append(UInt32(clamping: layout.shape.headDimension))
    writer.append(UInt32(clamping: layout.tokens))
    for hash in hashes { writer.append(hash) }
    return writer.bytes
  }

  /// What the file is called.
  var name: SHA256Digest { unsafe SHA256Digest(of: head.span.bytes) }
}

extension StatesFile {
  /// Reads the head of the file called `name`.
  init(from source: some ByteSource, name: SHA256Digest) throws(StoreError) {
    let bytes = try source.read(Self.fixedByteCount)
    guard bytes.starts(with: Self.magic) else { throw source.damaged("it is not a file of states") }
    let fixed = unsafe bytes.span.bytes
    let format = Int(fixed.integer(at: 8, as: UInt32.self))
    guard format == ExportFormat.version else { throw source.other(format: format) }
    let layers = Int(fixed.integer(at: 12, as: UInt32.self))
    let code = fixed.integer(at: 80, as: UInt32.self)
    guard (1...Self.mostLayers).contains(layers), let element = UInt8(exactly: code).flatMap(KVElement.init(code:)),
      let layout = KVBlobLayout(
        element: element, layers: layers, heads: fixed.integer(at: 84, as: UInt32.self),
        headDimension: fixed.integer(at: 88, as: UInt32.self), tokens: fixed.integer(at: 92, as: UInt32.self))
    else { throw source.damaged("its head says something impossible") }
    key = EncodingKey(
      model: SHA256Digest(copying: fixed, at: 16), element: element, encoding: SHA256Digest(copying: fixed, at: 48))
    self.layout = layout
    let list = try source.read(layers * SHA256Digest.byteCount)
    let rest = unsafe list.span.bytes
    hashes = (0..<layers).map { SHA256Digest(copying: rest, at: $0 * SHA256Digest.byteCount) }
    guard self.name == name else { throw source.damaged("its head is not the one that its name stands for") }
  }

  /// The head of the file that holds `blobs`, the layers of `key`.
  init(_ key: EncodingKey, _ blobs: [Blob], _ layout: KVBlobLayout) {
    self.key = key
    self.layout = layout
    hashes = blobs.map { SHA256Digest(of: $0.payload) }
  }
}

extension KVBlobLayout {
  /// The layout with these sides, which come from a file; `nil` if they make no sense or are too large.
  init?(element: KVElement, layers: Int, heads: UInt32, headDimension: UInt32, tokens: UInt32) {
    guard layers > 0, heads > 0, headDimension > 0 else { return nil }
    let shape = KVShape(layers: layers, heads: Int(heads), headDimension: Int(headDimension))
    self.init(element: element, shape: shape, tokens: Int(tokens))
    // Of all layers together no sum overflows then.
    guard let byteCount = checkedByteCount, byteCount <= BlobSize.limit else { return nil }
  }
}
