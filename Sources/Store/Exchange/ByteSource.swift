internal import ContentHash
internal import FileSystem

/// Bytes of an export, read once from start to end.
package protocol ByteSource: AnyObject {
  /// What they are called in messages.
  var label: String { get }
  /// Fills `span` with the next bytes.
  func fill(_ span: inout MutableRawSpan) throws(StoreError)
}

/// Bytes for which memory is taken before they have come: the count may be a lie.
private let mostAtOnce = 16 << 20

extension ByteSource {
  /// The next `count` bytes.
  package func read(_ count: Int) throws(StoreError) -> [UInt8] {
    guard count > mostAtOnce else { return try readAtOnce(count) }
    var bytes: [UInt8] = []
    try visit(count) { (part) throws(StoreError) in bytes += part }
    return bytes
  }

  /// The next `count` bytes, right where they stay.
  private func readAtOnce(_ count: Int) throws(StoreError) -> [UInt8] {
    var failure: StoreError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var span = unsafe MutableRawSpan(_unsafeBytes: UnsafeMutableRawBufferPointer(buffer))
      do throws(StoreError) {
        try fill(&span)
        filled = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Lends the next `count` bytes in parts. The count may be a lie, so memory grows only as bytes arrive.
  func visit(_ count: Int, _ body: ([UInt8]) throws(StoreError) -> Void) throws(StoreError) {
    var rest = count
    while rest > 0 {
      var part = [UInt8](repeating: 0, count: min(rest, 1 << 20))
      var elements = part.mutableSpan
      var span = unsafe elements.mutableBytes
      try fill(&span)
      rest -= part.count
      try body(part)
    }
  }

  /// The next byte.
  func byte() throws(StoreError) -> UInt8 { try read(1)[0] }

  /// The next 8 bytes as a number; `nil` if it is not in `range`.
  func number(in range: ClosedRange<Int>) throws(StoreError) -> Int? {
    let bytes = try read(8)
    return StoredNumber.read(unsafe bytes.span.bytes.integer(at: 0, as: UInt64.self), in: range)
  }

  /// The next bytes as a digest.
  func digest() throws(StoreError) -> SHA256Digest {
    let bytes = try read(SHA256Digest.byteCount)
    return unsafe SHA256Digest(copying: bytes.span.bytes, at: 0)
  }

  /// The error of an export that is damaged.
  package func damaged(_ reason: String) -> StoreError { .damagedExport(path: label, reason: reason) }

  /// The error of an export in another format.
  func other(format: Int) -> StoreError {
    .otherExportFormat(path: label, found: format, supported: ExportFormat.version)
  }
}

/// The bytes of a file, or of a pipe, device or standard input that a user names.
final class FileSource: ByteSource {
  let label: String
  private let input: Input
  /// Length of a file; `nil` for a pipe and the like, whose length is not known.
  let byteCount: Int?
  /// Bytes read.
  private(set) var offset = 0

  /// What a user names: a file, a pipe, a device, or standard input.
  init(named path: FilePath) throws(StoreError) {
    label = path.isStandardStream ? "standard input" : path.description
    do throws(SystemFailure) {
      input = try Input(path)
      let status = try input.status()
      byteCount = status.kind == .regular ? status.byteCount : nil
    } catch {
      throw StoreError(error)
    }
  }

  /// A file of an export's folder, in which nothing else makes sense.
  ///
  /// - Throws: `StoreError.damagedExport` for anything else that has the name.
  init(inExport path: FilePath) throws(StoreError) {
    label = path.description
    let error = StoreError.damagedExport(path: label, reason: "it is not a file")
    // Neither this nor opening waits for the other end of a pipe.
    guard try storing(try FileStatus(of: path))?.kind ?? .regular == .regular else { throw error }
    let file = try storing(try OpenFile(path, .reading))
    let status = try storing(try file.status())
    guard status.kind == .regular else { throw error }
    byteCount = status.byteCount
    input = Input(file)
  }

  /// How much of it was read, from 0 to 1; 0 where its length is not known.
  var fraction: Double {
    guard let byteCount else { return 0 }
    return byteCount > 0 ? min(1, Double(offset) / Double(byteCount)) : 1
  }

  func fill(_ span: inout MutableRawSpan) throws(StoreError) {
    guard try fillPart(&span) == span.byteCount else { throw damaged("it ends too soon") }
  }

  /// Up to `span.byteCount` bytes, as many as there are.
  ///
  /// - Returns: how many.
  func fillPart(_ span: inout MutableRawSpan) throws(StoreError) -> Int {
    do throws(SystemFailure) {
      let count = try input.read(into: &span)
      offset += count
      return count
    } catch {
      throw StoreError(error)
    }
  }
}
