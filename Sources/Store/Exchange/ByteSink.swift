internal import FileSystem

/// Where the bytes of an export go, from start to end.
protocol ByteSink: AnyObject {
  func write(_ bytes: RawSpan) throws(StoreError)
}

extension ByteSink {
  func write(_ bytes: [UInt8]) throws(StoreError) { try unsafe write(bytes.span.bytes) }

  /// Writes the file of states with this head and these layers.
  func write(_ file: StatesFile, _ blobs: [Blob]) throws(StoreError) {
    try write(file.head)
    for blob in blobs { try write(blob.payload) }
  }
}

/// A file of an export's folder, for its owner alone.
final class FileSink: ByteSink {
  private let file: NewFile

  /// The file that will be at `path`.
  init(_ path: FilePath) throws(StoreError) {
    file = try storing(try NewFile(path, permissions: 0o600))
  }

  func write(_ bytes: RawSpan) throws(StoreError) {
    do throws(SystemFailure) { try file.write(bytes) } catch { throw StoreError(error) }
  }

  /// Puts the file in its place.
  func finish() throws(StoreError) { try storing(try file.finish()) }
}

/// Where a user wants an export: a file, for its owner alone where it is new, a pipe, a device, or standard output.
final class OutputSink: ByteSink {
  private let output: Output

  init(_ path: FilePath) throws(StoreError) {
    output = try storing(try Output(path, permissions: 0o600))
  }

  func write(_ bytes: RawSpan) throws(StoreError) {
    do throws(SystemFailure) { try output.write(bytes) } catch { throw StoreError(error) }
  }

  /// Puts a file in its place.
  func finish() throws(StoreError) { try storing(try output.finish()) }
}
