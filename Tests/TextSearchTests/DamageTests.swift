import Failure
import FileSystem
import Foundation
import TestSupport
import Testing

@testable import TextSearch

@Suite struct DamageTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bytes() throws -> Data {
    var source = TextSource(seed: 9, words: 500)
    let documents = (0..<120).map { TestDocument(name: "document-\($0)", text: source.text(40)) }
    try folder.makeIndex("older", Array(documents.prefix(100)))
    try folder.makeIndex("index", from: "older", documents)
    return try Data(contentsOf: URL(filePath: folder.path("index")))
  }

  private func error(of bytes: Data) throws -> TextIndexError? {
    let path = FilePath(try folder.write(bytes, to: "other"))
    do throws(TextIndexError) {
      _ = try TextIndex(at: path)
      return nil
    } catch {
      return error
    }
  }

  @Test func otherFilesAreToldApart() throws {
    let path = folder.path("other")
    #expect(throws: TextIndexError.noIndex(path: path)) { try folder.index("other") }
    #expect(try error(of: Data()) == .notAnIndex(path: path))
    #expect(try error(of: Data("hello".utf8)) == .notAnIndex(path: path))
    #expect(try error(of: Data(count: 8192)) == .notAnIndex(path: path))
    let whole = try bytes()
    #expect(try error(of: whole) == nil)
    var newer = whole
    newer[63] = 2
    #expect(try error(of: newer) == .newerFormat(path: path, found: 2, supported: 1))
    var foreign = whole
    foreign[71] ^= 1
    #expect(try error(of: foreign) == .notAnIndex(path: path))
    #expect(throws: TextIndexError.notAnIndex(path: folder.path("sub"))) {
      try FileManager.default.createDirectory(atPath: folder.path("sub"), withIntermediateDirectories: true)
      _ = try folder.index("sub")
    }
    for count in [99, 100, 4096, whole.count / 2, whole.count - 4096, whole.count - 1] {
      guard let error = try error(of: whole.prefix(count)) else {
        Issue.record("\(count) bytes are taken for an index")
        continue
      }
      #expect(count < 100 ? error == .notAnIndex(path: path) : error.category == .damaged)
    }
    #expect(try error(of: whole + [0])?.category == .damaged)
  }

  /// What a file from elsewhere could have in its schema.
  @Test func otherTablesAreRefused() throws {
    _ = try bytes()
    for statement in [
      "CREATE VIEW v AS SELECT 1", "CREATE TABLE t(x)", "CREATE TRIGGER t AFTER DELETE ON document BEGIN SELECT 1; END",
      "DROP TABLE lengths", "CREATE INDEX i ON document(place)",
    ] {
      try? FileManager.default.removeItem(atPath: folder.path("other"))
      try FileManager.default.copyItem(atPath: folder.path("index"), toPath: folder.path("other"))
      try Database(FilePath(folder.path("other")), .alone).execute(statement)
      #expect(throws: TextIndexError.self) { try folder.index("other") }
    }
  }

  /// Single bytes are changed all over the file: nothing crashes, and what a check lets pass gives the same answers.
  @Test func flippedBytesAreFound() throws {
    let whole = try bytes()
    var generator = SeededGenerator(state: 3)
    var source = TextSource(seed: 9, words: 500)
    let questions = (0..<4).map { _ in source.text(8) }
    let index = try folder.index("index")
    let expected = try questions.map { try index.best(120, for: $0, in: "docs") }
    let isLong = ProcessInfo.processInfo.environment["PMLC_LONG_TESTS"] != nil
    var (found, harmless) = (0, 0)
    for _ in 0..<(isLong ? 5_000 : 600) {
      var bytes = whole
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      bytes[place] ^= UInt8.random(in: 1...255, using: &generator)
      let path = FilePath(try folder.write(bytes, to: "flipped"))
      var answers: [[TextIndex.Match]]?
      do throws(TextIndexError) {
        let index = try TextIndex(at: path)
        var found: [[TextIndex.Match]] = []
        for question in questions { found.append(try index.best(120, for: question, in: "docs")) }
        answers = found
      } catch {}
      do throws(TextIndexError) {
        try TextIndex.check(path)
        harmless += 1
        #expect(answers == expected, "byte \(place)")
      } catch {
        found += 1
      }
      // It is mended, or starts anew.
      if place % 8 == 0 { _ = try? folder.makeIndex("mended", from: "flipped", [TestDocument(name: "a", text: "x")]) }
    }
    #expect(found > 100 && harmless > 100)
  }

  @Test func errorsSayWhatIsWrong() {
    let errors: [TextIndexError] = [
      .noIndex(path: "p"), .notAnIndex(path: "p"), .newerFormat(path: "p", found: 2, supported: 1),
      .damaged(path: "p", reason: "r"), .noPermission(path: "p"), .diskFull(path: "p"), .outOfMemory(path: "p"),
      .duplicate(library: "l", name: "n"), .system(operation: "open", path: "p", code: 5),
      .database(operation: "sqlite3_step", path: "p", code: 1),
    ]
    #expect(Set(errors.map(\.message)).count == errors.count)
    for error in errors { #expect(error.description.contains(error.message)) }
  }
}
