package import ContentHash
package import KVCacheFormat

/// The head of a file that holds one encoding, all its layers: what it is, and the hash of each layer.
///
///     0   8  magic, `PCSTATES`
///     8   4  format: 1, or 2 where layers have different numbers of tokens
///     12  4  layers
///     16  32 model
///     48  32 encoding
///     80  1  element, 3 zeros
///     84  4  heads
///     88  4  numbers per head
///     92  4  tokens; in format 2 the most that a layer has
///     96     in format 2 the tokens of each layer, 4 each
///            SHA-256 of each layer's payload, 32 each
///
/// The payloads follow, layer by layer, as `KVBlobLayout` says. The file's name is the SHA-256 of its head: so the name
/// vouches for the head, and the head for the rest, layer by layer.
package struct StatesFile: Equatable, Sendable {
  private static let magic = Array("PCSTATES".utf8)
  private static let fixedByteCount = 96
  /// The format of a file whose layers have different numbers of tokens; programs that know only the other one refuse it.
  private static let mixedFormat = 2
  /// Layers that a head may have: more would be no model, but an attempt to fill the memory.
  private static let mostLayers = 1 << 16

  package let key: EncodingKey
  /// Of each layer, one or more. They differ in tokens at most.
  package let layouts: [KVBlobLayout]
  /// SHA-256 of each layer's payload.
  let hashes: [SHA256Digest]

  /// What the states look like.
  var shape: KVShape { layouts[0].shape }

  /// Bytes of the whole file.
  package var byteCount: Int { Self.byteCount(of: layouts) }

  /// Bytes of a file with these layers.
  static func byteCount(of layouts: [KVBlobLayout]) -> Int {
    let isMixed = layouts.isMixed
    return layouts.reduce(fixedByteCount) {
      $0 + $1.byteCount + SHA256Digest.byteCount + (isMixed ? MemoryLayout<UInt32>.size : 0)
    }
  }

  /// The head's bytes.
  var head: [UInt8] {
    var writer = RecordWriter()
    for byte in Self.magic { writer.append(byte) }
    let isMixed = layouts.isMixed
    writer.append(UInt32(isMixed ? Self.mixedFormat : ExportFormat.version))
    writer.append(UInt32(clamping: layouts.count))
    writer.append(key.model)
    writer.append(key.encoding)
    writer.append(UInt32(key.element.code))
    writer.append(UInt32(clamping: shape.heads))
    writer.append(UInt32(clamping: shape.headDimension))
    writer.append(UInt32(clamping: layouts.mostTokens))
    for layout in layouts where isMixed { writer.append(UInt32(clamping: layout.tokens)) }
    for hash in hashes { writer.append(hash) }
    return writer.bytes
  }

  /// What the file is called.
  var name: SHA256Digest { unsafe SHA256Digest(of: head.span.bytes) }
}

extension StatesFile {
  /// Reads the head of the file called `name`, or of one that something else vouches for.
  package init(from source: some ByteSource, name: SHA256Digest?) throws(StoreError) {
    let bytes = try source.read(Self.fixedByteCount)
    guard bytes.starts(with: Self.magic) else { throw source.damaged("it is not a file of states") }
    let fixed = unsafe bytes.span.bytes
    let format = Int(fixed.integer(at: 8, as: UInt32.self))
    guard [ExportFormat.version, Self.mixedFormat].contains(format) else { throw source.other(format: format) }
    let layers = Int(fixed.integer(at: 12, as: UInt32.self))
    let code = fixed.integer(at: 80, as: UInt32.self)
    guard (1...Self.mostLayers).contains(layers), let element = UInt8(exactly: code).flatMap(KVElement.init(code:)),
      let layout = KVBlobLayout(
        element: element, layers: layers, heads: fixed.integer(at: 84, as: UInt32.self),
        headDimension: fixed.integer(at: 88, as: UInt32.self), tokens: fixed.integer(at: 92, as: UInt32.self))
    else { throw source.damaged("its head says something impossible") }
    key = EncodingKey(
      model: SHA256Digest(copying: fixed, at: 16), element: element, encoding: SHA256Digest(copying: fixed, at: 48))
    if format == Self.mixedFormat {
      let list = try source.read(layers * MemoryLayout<UInt32>.size)
      let numbers = unsafe list.span.bytes
      let mixed = (0..<layers).map { layer in
        let tokens = Int(numbers.integer(at: layer * MemoryLayout<UInt32>.size, as: UInt32.self))
        return KVBlobLayout(element: element, shape: layout.shape, tokens: tokens)
      }
      guard mixed.isMixed, mixed.mostTokens == layout.tokens else {
        throw source.damaged("its head says something impossible")
      }
      layouts = mixed
    } else {
      layouts = Array(repeating: layout, count: layers)
    }
    let list = try source.read(layers * SHA256Digest.byteCount)
    let rest = unsafe list.span.bytes
    hashes = (0..<layers).map { SHA256Digest(copying: rest, at: $0 * SHA256Digest.byteCount) }
    guard name == nil || self.name == name else {
      throw source.damaged("its head is not the one that its name stands for")
    }
  }

  /// The head of the file that holds `blobs`, the layers of `key`.
  ///
  /// - Precondition: there is one.
  init(_ key: EncodingKey, _ blobs: [Blob]) {
    precondition(!blobs.isEmpty, "an encoding without layers")
    self.key = key
    layouts = blobs.map(\.layout)
    hashes = blobs.map { SHA256Digest(of: $0.payload) }
  }
}

extension [KVBlobLayout] {
  /// The most tokens that a layer has.
  fileprivate var mostTokens: Int { map(\.tokens).max() ?? 0 }
  /// Whether layers have different numbers of tokens.
  fileprivate var isMixed: Bool { contains { $0.tokens != self[0].tokens } }
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
