import Glibc

// Threads write to disjoint parts, which is the promise of the functions that take a `Matrix`.
/// Numbers in single precision, zero at first, that begin at a page boundary and never move.
///
/// Pages that nothing was written to take no memory.
@safe final class FloatMemory: @unchecked Sendable {
  let count: Int
  let base: UnsafeMutablePointer<Float>

  /// - Throws: `EngineError.outOfMemory`.
  init(count: Int) throws(EngineError) {
    precondition(count >= 0 && count <= Int.max / MemoryLayout<Float>.stride, "\(count) numbers")
    self.count = count
    let byteCount = max(count, 1) * MemoryLayout<Float>.stride
    let address = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw .outOfMemory(byteCount: byteCount)
    }
    unsafe base = address.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { unsafe munmap(base, max(count, 1) * MemoryLayout<Float>.stride) }

  /// The numbers.
  var span: Span<Float> {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(Span(_unsafeStart: base, count: count), borrowing: self)
    }
  }
}
