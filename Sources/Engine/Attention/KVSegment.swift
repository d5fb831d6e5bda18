public import KVCacheFormat

/// Memory that holds one blob: one layer of one segment, laid out as `KVBlobLayout` says, for as long as the owner
/// lives. It never moves and is not written to.
public protocol KVBlobOwner: AnyObject, Sendable {
  /// The blob's payload; begins at a multiple of `KVBlobLayout.alignment`.
  var payload: RawSpan { @_lifetime(borrow self) get }
}

/// Keys and values of one segment in every layer, read where they lie. A layer with a sliding window may have those of the
/// last tokens alone.
@safe public struct KVSegment: Sendable {
  /// Layout of the layers' blobs.
  public let layout: KVSegmentLayout

  /// Where the states of each layer lie. Two segments with the same are one.
  struct Identity: Hashable {
    fileprivate let addresses: [UInt]

    func hash(into hasher: inout Hasher) { hasher.combine(addresses.first) }
  }

  let identity: Identity
  private let owners: [any KVBlobOwner]
  // The owners are kept, and their memory neither moves nor changes: safe to read for as long as this lives.
  nonisolated(unsafe) private let addresses: [UnsafeRawPointer]

  /// A segment of these blobs, layer by layer.
  ///
  /// - Throws: `EngineError.wrongLayerCount`, `.wrongBlobSize`, `.misalignedBlob`.
  public init(layers: [any KVBlobOwner], layout: KVSegmentLayout) throws(EngineError) {
    guard layers.count == layout.blobs.count else {
      throw .wrongLayerCount(expected: layout.blobs.count, found: layers.count)
    }
    var addresses = unsafe [UnsafeRawPointer]()
    for (layer, (owner, blob)) in zip(layers, layout.blobs).enumerated() {
      let payload = owner.payload
      guard payload.byteCount == blob.byteCount else {
        throw .wrongBlobSize(layer: layer, expectedBytes: blob.byteCount, foundBytes: payload.byteCount)
      }
      let address = unsafe payload.withUnsafeBytes { $0.baseAddress }
      // A segment without tokens has no memory, and is never read.
      guard let address = unsafe address ?? UnsafeRawPointer(bitPattern: KVBlobLayout.alignment),
        Int(bitPattern: address).isMultiple(of: KVBlobLayout.alignment)
      else { throw .misalignedBlob(layer: layer, alignment: KVBlobLayout.alignment) }
      unsafe addresses.append(address)
    }
    self.layout = layout
    owners = layers
    unsafe self.addresses = addresses
    identity = unsafe Identity(addresses: addresses.map { UInt(bitPattern: $0) })
  }

  /// Copies the blob of `layer`, to be stored as it is.
  ///
  /// - Precondition: `destination` has as many bytes.
  public func copy(layer: Int, into destination: inout MutableRawSpan) {
    let byteCount = layout.blobs[layer].byteCount
    precondition(destination.byteCount == byteCount, "\(destination.byteCount) bytes for \(byteCount)")
    unsafe destination.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe base.copyMemory(from: addresses[layer], byteCount: byteCount)
    }
  }

  /// Whether the blob of `layer` is in memory.
  package func isResident(layer: Int) -> Bool {
    unsafe Residency.isResident(addresses[layer], byteCount: layout.blobs[layer].byteCount)
  }

  /// Asks for the blob of `layer` ahead of its use.
  package func willNeed(layer: Int) {
    unsafe Residency.willNeed(addresses[layer], byteCount: layout.blobs[layer].byteCount)
  }

  /// Address of the keys of a head, of the first token that the layer has.
  package func keys(layer: Int, head: Int) -> UnsafeRawPointer {
    unsafe addresses[layer] + layout.blobs[layer].keyOffset(head: head)
  }

  /// Address of the values of a head, of the first token that the layer has.
  package func values(layer: Int, head: Int) -> UnsafeRawPointer {
    unsafe addresses[layer] + layout.blobs[layer].valueOffset(head: head)
  }
}

/// A segment as one sequence sees it.
public struct AttendedSegment: Sendable {
  /// The states.
  public let segment: KVSegment
  /// Position at which the first token is seen.
  public let place: Int
  /// Position at which the first token's key was rotated. Where it differs from `place`, the difference is made up by
  /// rotating queries; models with ALiBi go by `place` alone.
  public let encodedAt: Int
  /// Number of tokens seen, from the first one on, with those that are left out.
  public let count: Int
  /// Tokens among these that are left out, because the sequence computes them again as its own; `nil` if there are none.
  let omitted: OmittedTokens?

  /// The first `count` tokens of `segment` (all of them without it), seen from `place` on.
  ///
  /// - Parameters:
  ///   - segment: the states.
  ///   - place: position at which the first token is seen.
  ///   - encodedAt: position at which its key was rotated, `place` if `nil`.
  ///   - count: number of tokens, from the first one on.
  ///   - omitting: tokens that are left out; what lies outside the segment plays no part.
  public init(
    _ segment: KVSegment, place: Int, encodedAt: Int? = nil, count: Int? = nil, omitting: [Range<Int>] = []
  ) {
    self.segment = segment
    self.place = place
    self.encodedAt = encodedAt ?? place
    self.count = count ?? segment.layout.tokens
    omitted = OmittedTokens(omitting, of: self.count)
  }

  /// Whether no token is seen.
  var isEmpty: Bool { count <= (omitted?.count ?? 0) }
}
