/// A blob in this process's own memory.
public final class KVMemory: KVBlobOwner {
  private let memory: FloatMemory
  private let byteCount: Int

  /// A blob of `byteCount` bytes that `fill` writes; they are zero at first.
  ///
  /// - Throws: `EngineError.outOfMemory`, and what `fill` throws.
  public init(
    byteCount: Int, fill: (inout MutableRawSpan) throws(EngineError) -> Void
  ) throws(EngineError) {
    let stride = MemoryLayout<Float>.stride
    memory = try FloatMemory(count: (byteCount + stride - 1) / stride)
    self.byteCount = byteCount
    var bytes = unsafe MutableRawSpan(_unsafeStart: UnsafeMutableRawPointer(memory.base), byteCount: byteCount)
    try fill(&bytes)
  }

  /// The bytes.
  public var payload: RawSpan {
    @_lifetime(borrow self) get {
      let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(memory.base), byteCount: byteCount)
      return unsafe _overrideLifetime(bytes, borrowing: self)
    }
  }
}
