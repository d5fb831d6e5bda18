internal import ContentHash
internal import FileSystem
internal import Glibc

/// Bytes of an export, read once from start to end.
protocol ByteSource: AnyObject {
  /// What they are called in messages.
  var label: String { get }
  /// Fills `span` with the next bytes.
  func fill(_ span: inout MutableRawSpan) throws(StoreError)
}

extension ByteSource {
  /// The next `count` bytes.
  func read(_ count: Int) throws(StoreError) -> [UInt8] {
    // By and by: who says that so many follow may lie.
    var bytes: [UInt8] = []
    while bytes.count < count {
      var part = [UInt8](repeating: 0, count: min(count - bytes.count, 1 << 20))
      var elements = part.mutableSpan
      var span = unsafe elements.mutableBytes
      try fill(&span)
      bytes += part
    }
    return bytes
  }

  /// The next bytes as an integer.
  func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(StoreError) -> T {
    let bytes = try read(MemoryLayout<T>.size)
    return unsafe bytes.span.bytes.integer(at: 0, as: type)
  }

  /// The next bytes as a digest.
  func digest() throws(StoreError) -> SHA256Digest {
    let bytes = try read(SHA256Digest.byteCount)
    return unsafe SHA256Digest(copying: bytes.span.bytes, at: 0)
  }

  /// The error of an export that is damaged.
  func damaged(_ reason: String) -> StoreError { .damagedExport(path: label, reason: reason) }

  /// The error of an export in another format.
  func other(format: Int) -> StoreError {
    .otherExportFormat(path: label, found: format, supported: ExportFormat.version)
  }
}

/// The bytes of a file.
final class FileSource: ByteSource {
  let label: String
  private let file: OpenFile
  private var offset = 0

  init(_ path: String) throws(StoreError) {
    label = path
    file = try storing(try OpenFile(FilePath(path), .reading))
  }

  /// How much of it was read, from 0 to 1.
  var fraction: Double {
    let total = (try? file.status().byteCount) ?? 0
    return total > 0 ? min(1, Double(offset) / Double(total)) : 1
  }

  /// Bytes that are left.
  func rest() throws(StoreError) -> Int { max(0, try storing(try file.status()).byteCount - offset) }

  func fill(_ span: inout MutableRawSpan) throws(StoreError) {
    guard try fillPart(&span) == span.byteCount else { throw damaged("it ends too soon") }
  }

  /// Up to `span.byteCount` bytes, as many as there are.
  ///
  /// - Returns: how many.
  func fillPart(_ span: inout MutableRawSpan) throws(StoreError) -> Int {
    do throws(SystemFailure) {
      let count = try file.read(into: &span, at: offset)
      offset += count
      return count
    } catch {
      throw StoreError(error)
    }
  }
}
