public import ContentHash
public import KVCacheFormat

/// Which states an encoding's blobs hold: all layers of one segment in one context.
public struct EncodingKey: Hashable, Codable, Sendable {
  /// Fingerprint of the model.
  public let model: SHA256Digest
  /// Format of the numbers.
  public let element: KVElement
  /// Digest of the encoding.
  public let encoding: SHA256Digest

  /// The encoding `encoding` of `model`, in `element`.
  public init(model: SHA256Digest, element: KVElement, encoding: SHA256Digest) {
    self.model = model
    self.element = element
    self.encoding = encoding
  }

  /// Feeds the digest, which tells encodings apart as well as all parts together do.
  public func hash(into hasher: inout Hasher) { hasher.combine(encoding) }
}

/// Which states a blob holds: one layer of one encoding.
public struct BlobKey: Hashable, Sendable {
  /// Fingerprint of the model.
  public let model: SHA256Digest
  /// Format of the numbers.
  public let element: KVElement
  /// Digest of the encoding.
  public let encoding: SHA256Digest
  /// Number of the decoder layer, from 0.
  public let layer: Int

  /// The blob of `layer` of `encoding`.
  ///
  /// - Precondition: `layer` is neither negative nor above 2³² − 1.
  public init(model: SHA256Digest, element: KVElement, encoding: SHA256Digest, layer: Int) {
    precondition(UInt32(exactly: layer) != nil, "no layer \(layer)")
    self.model = model
    self.element = element
    self.encoding = encoding
    self.layer = layer
  }

  /// The blob of `layer` of `key`. The same holds for `layer`.
  public init(_ key: EncodingKey, layer: Int) {
    self.init(model: key.model, element: key.element, encoding: key.encoding, layer: layer)
  }

  /// The encoding that it belongs to.
  public var encodingKey: EncodingKey { EncodingKey(model: model, element: element, encoding: encoding) }
}

/// A blob's key as the table `blobs` has it; its start is the encoding's key in `uses`.
///
///     0   32  namespace
///     32  32  model
///     64  1   element
///     65  32  encoding
///     97  4   layer, most significant byte first
struct BlobKeyBytes {
  static let byteCount = 101
  static let encodingByteCount = 97

  private var bytes: InlineArray<101, UInt8> = .init(repeating: 0)

  init(_ key: BlobKey, in namespace: Namespace) {
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    namespace.tag.copyBytes(to: &raw, at: 0)
    key.model.copyBytes(to: &raw, at: 32)
    raw.storeBytes(of: key.element.code, toByteOffset: 64, as: UInt8.self)
    key.encoding.copyBytes(to: &raw, at: 65)
    raw.storeBytes(of: UInt32(key.layer).bigEndian, toByteOffset: 97, as: UInt32.self)
  }

  /// Goes on to the next layer.
  mutating func advance() {
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    let layer = raw.bytes.integer(at: Self.encodingByteCount, as: UInt32.self).byteSwapped
    raw.storeBytes(of: (layer &+ 1).bigEndian, toByteOffset: Self.encodingByteCount, as: UInt32.self)
  }

  /// The whole key.
  var span: RawSpan {
    @_lifetime(borrow self) get { unsafe bytes.span.bytes }
  }

  /// What all layers of the encoding have in common.
  var encodingSpan: RawSpan {
    @_lifetime(borrow self) get { unsafe bytes.span.bytes.extracting(first: Self.encodingByteCount) }
  }
}

extension EncodingKey {
  /// The encoding whose key in `uses` is `bytes`, or that the key of a blob begins with; `nil` if they are none.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= BlobKeyBytes.encodingByteCount,
      let element = KVElement(code: bytes.integer(at: 64, as: UInt8.self))
    else { return nil }
    self.init(
      model: SHA256Digest(copying: bytes, at: 32), element: element, encoding: SHA256Digest(copying: bytes, at: 65))
  }
}

extension BlobKey {
  /// The key that `bytes` spell, or `nil` if they are none.
  init?(_ bytes: RawSpan) {
    guard bytes.byteCount == BlobKeyBytes.byteCount, let encoding = EncodingKey(bytes) else { return nil }
    self.init(encoding, layer: Int(bytes.integer(at: 97, as: UInt32.self).byteSwapped))
  }
}
