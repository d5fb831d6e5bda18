import ContentHash
import Foundation
import Store
import StoreTestSupport

/// A store's database file, to be damaged.
struct DataFile {
  let path: String

  init(_ store: String) { path = "\(store)/data.mdb" }

  var bytes: [UInt8] {
    get throws { try [UInt8](Data(contentsOf: URL(filePath: path))) }
  }

  /// Where the value of the blob at `key` begins, found by its payload.
  func offset(of key: BlobKey, tokens: Int) throws -> Int {
    let start = (0..<64).map { Sample.byte(key, $0) }
    let bytes = try bytes
    // Values begin 16 bytes into a page, payloads 48 bytes later.
    for offset in stride(from: 64, to: bytes.count - start.count, by: 4096)
    where bytes[offset..<offset + start.count].elementsEqual(start) {
      return offset - 48
    }
    throw CocoaError(.fileReadUnknown)
  }

  func flip(bit: Int, at offset: Int) throws {
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.seek(toOffset: UInt64(offset))
    guard let byte = try file.read(upToCount: 1)?.first else { throw CocoaError(.fileReadUnknown) }
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: [byte ^ (1 << bit)])
    try file.close()
  }

  func overwrite(_ bytes: [UInt8]) throws {
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.truncate(atOffset: UInt64(bytes.count))
    try file.seek(toOffset: 0)
    try file.write(contentsOf: bytes)
    try file.close()
  }
}
