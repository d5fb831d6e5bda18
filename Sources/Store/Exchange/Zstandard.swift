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
@safe final class ZstandardSource: ByteSource {
  var label: String { file.label }
  /// How much of the file was read, from 0 to 1.
  var fraction: Double { file.fraction }
  private let context: OpaquePointer
  private let file: FileSource
  private let buffer: UnsafeMutableRawBufferPointer
  private var available = 0..<0

  init(_ file: FileSource) {
    guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("no memory to decompress") }
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
      if available.isEmpty {
        var bytes = unsafe MutableRawSpan(_unsafeBytes: buffer)
        available = 0..<(try file.fillPart(&bytes))
      }
      let isAtEnd = available.isEmpty
      let before = filled
      let result = unsafe span.withUnsafeMutableBytes { output in
        var source = unsafe ZSTD_inBuffer(
          src: buffer.baseAddress, size: available.upperBound, pos: available.lowerBound)
        var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: filled)
        let result = unsafe ZSTD_decompressStream(context, &target, &source)
        available = unsafe source.pos..<available.upperBound
        filled = unsafe target.pos
        return result
      }
      guard ZSTD_isError(result) == 0 else { throw damaged("its compressed part is not what was written") }
      if isAtEnd && filled == before { throw damaged("it ends too soon") }
    }
  }
}
