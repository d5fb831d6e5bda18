internal import CZstd

/// Compresses what is written to it into one zstd frame, with a checksum, and passes that on.
@safe final class ZstandardSink: ByteSink {
  private let context: OpaquePointer
  private let sink: any ByteSink
  private let buffer: UnsafeMutableRawBufferPointer

  init(into sink: any ByteSink) {
    // Both fail only for want of memory, which Swift itself does not survive either.
    guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("no memory to compress") }
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    unsafe self.context = context
    self.sink = sink
    unsafe buffer = .allocate(byteCount: ZSTD_CStreamOutSize(), alignment: 1)
  }

  deinit {
    unsafe ZSTD_freeCCtx(context)
    unsafe buffer.deallocate()
  }

  func write(_ bytes: RawSpan) throws(StoreError) { try compress(bytes, ZSTD_e_continue) }

  /// Writes what is left, and the frame's end.
  func finish() throws(StoreError) { try compress(RawSpan(), ZSTD_e_end) }

  private func compress(_ bytes: RawSpan, _ mode: ZSTD_EndDirective) throws(StoreError) {
    var consumed = 0
    while true {
      var produced = 0
      let left = unsafe bytes.withUnsafeBytes { input in
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: consumed)
        var target = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let left = unsafe ZSTD_compressStream2(context, &target, &source, mode)
        consumed = unsafe source.pos
        produced = unsafe target.pos
        return left
      }
      // It fails only if it is called wrongly.
      precondition(ZSTD_isError(left) == 0, "zstd does not compress")
      let output = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<produced]))
      try sink.write(output)
      if mode == ZSTD_e_end ? left == 0 : consumed == bytes.byteCount { return }
    }
  }
}

/// What a zstd frame holds, whose bytes come from a file.
///
/// A frame of some kilobytes can unpack to terabytes. This one may not unpack to more than states, versions and the padding
/// in them can be packed into.
@safe final class ZstandardSource: ByteSource {
  /// How many bytes one byte may unpack to. Sixteen is the most for states: a tile with one token is fifteen parts padding.
  private static let largestRatio = 64
  /// Bytes that may come from few, above that.
  private static let allowance = 16 << 20
  /// Logarithm of the bytes that a frame may have the reader remember. The writer's frames ask for 2 MiB.
  private static let windowLog: Int32 = 23

  var label: String { file.label }
  /// How much of the file was read, from 0 to 1.
  var fraction: Double { file.fraction }
  private let context: OpaquePointer
  private let file: FileSource
  private let buffer: UnsafeMutableRawBufferPointer
  private var available = 0..<0
  private var packedByteCount = 0
  private var unpackedByteCount = 0
  private var isFrameAtEnd = false

  init(_ file: FileSource) {
    guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("no memory to decompress") }
    unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
    unsafe self.context = context
    self.file = file
    unsafe buffer = .allocate(byteCount: ZSTD_DStreamInSize(), alignment: 1)
  }

  deinit {
    unsafe ZSTD_freeDCtx(context)
    unsafe buffer.deallocate()
  }

  func fill(_ span: inout MutableRawSpan) throws(StoreError) {
    var filled = 0
    while filled < span.byteCount {
      guard !isFrameAtEnd else { throw damaged("it ends too soon") }
      let produced = try unpack(into: &span, from: filled)
      filled += produced
      unpackedByteCount += produced
      guard unpackedByteCount - Self.allowance <= Self.largestRatio * packedByteCount else {
        throw damaged("it unpacks to more than an export can be packed into")
      }
    }
  }

  /// Reads the end of the frame.
  ///
  /// - Throws: `StoreError.damagedExport` if anything else comes before it, or after.
  func finish() throws(StoreError) {
    var bytes: [UInt8] = [0]
    var elements = bytes.mutableSpan
    var span = unsafe elements.mutableBytes
    while !isFrameAtEnd {
      guard try unpack(into: &span, from: 0) == 0 else { throw damaged(Self.excess) }
    }
    guard available.isEmpty, try file.fillPart(&span) == 0 else { throw damaged(Self.excess) }
  }

  private static let excess = "something follows its end"

  /// Unpacks what there is room for behind the first `filled` bytes.
  ///
  /// - Returns: how many bytes that was.
  private func unpack(into span: inout MutableRawSpan, from filled: Int) throws(StoreError) -> Int {
    if available.isEmpty {
      var bytes = unsafe MutableRawSpan(_unsafeBytes: buffer)
      available = 0..<(try file.fillPart(&bytes))
    }
    let before = available.lowerBound
    let isAtEnd = available.isEmpty
    var produced = 0
    let result = unsafe span.withUnsafeMutableBytes { output in
      var source = unsafe ZSTD_inBuffer(src: buffer.baseAddress, size: available.upperBound, pos: available.lowerBound)
      var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: filled)
      let result = unsafe ZSTD_decompressStream(context, &target, &source)
      available = unsafe source.pos..<available.upperBound
      produced = unsafe target.pos - filled
      return result
    }
    guard ZSTD_isError(result) == 0 else { throw damaged("its compressed part is not what was written") }
    packedByteCount += available.lowerBound - before
    isFrameAtEnd = result == 0
    if isAtEnd, produced == 0, !isFrameAtEnd { throw damaged("it ends too soon") }
    return produced
  }
}
