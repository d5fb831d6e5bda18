import FileSystem
import Foundation
import Testing

/// Reading whole files and the beginnings of files, whatever length they say that they have.
@Suite struct ReadingTests {
  private let path: FilePath
  private let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }

  init() throws {
    path = FilePath(NSTemporaryDirectory()).appending(FilePath("reading-\(UUID().uuidString)"))
    try Data(bytes).write(to: URL(filePath: path.description))
  }

  @Test(arguments: [0, 1, 262_144, 699_999, 700_000, 700_001, 1 << 40])
  func upToALimit(limit: Int) throws {
    let read = try OpenFile(path, .reading).read(atMost: limit)
    #expect(read == Array(bytes.prefix(limit)))
    let input = try Input.read(path, atMost: limit)
    #expect(input == read)
  }

  @Test func fromWhereItIs() throws {
    let file = try OpenFile(path, .reading)
    let parts = [try file.read(atMost: 300_000), try file.read(atMost: 1_000_000), try file.read(atMost: 10)]
    #expect(parts == [Array(bytes.prefix(300_000)), Array(bytes.dropFirst(300_000)), []])
  }

  /// Files of the system say that they have no bytes.
  @Test func aLengthThatIsNotSo() throws {
    let maps = try OpenFile("/proc/self/maps", .reading).read(atMost: 1 << 20)
    #expect(String(decoding: maps, as: UTF8.self).contains("[stack]"))
  }

  @Test func aFolderIsNone() {
    #expect(throws: SystemFailure.self) {
      let folder = try OpenFile("/tmp", .reading)
      return try folder.read(atMost: 10)
    }
    #expect(throws: SystemFailure.self) { _ = try Input.read("/tmp", atMost: 10) }
  }
}
