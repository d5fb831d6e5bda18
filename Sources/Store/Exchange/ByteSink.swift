internal import Glibc

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

/// A file that comes to be all at once, when it is finished.
final class NewFile: ByteSink {
  private let path: String
  private let file: File
  private var isFinished = false
  private var partialPath: String { "\(path).new" }

  init(_ path: String) throws(StoreError) {
    self.path = path
    file = try File("\(path).new", O_WRONLY | O_CREAT | O_TRUNC)
  }

  deinit {
    if !isFinished { _ = unsafe unlink(partialPath) }
  }

  func write(_ bytes: RawSpan) throws(StoreError) { try file.write(bytes) }

  /// Puts the file in its place, on the disk.
  func finish() throws(StoreError) {
    try file.synchronize()
    guard unsafe rename(partialPath, path) == 0 else { throw StoreError(code: errno, operation: "rename", path: path) }
    isFinished = true
  }
}
