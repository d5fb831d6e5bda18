import FileSystem
import Foundation
import TestSupport
import Testing

@testable import TextSearch

@Suite struct MakingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Documents are added, changed, removed and moved in many steps; each index then answers as one that is made at once.
  @Test(arguments: [1, 2]) func manyChangesGiveWhatMakingItAtOnceDoes(seed: UInt64) throws {
    var source = TextSource(seed: seed, words: 400)
    var documents: [TestDocument] = []
    var (next, older): (Int, String?) = (0, nil)
    for step in 0..<25 {
      for _ in 0..<Int.random(in: 0...8, using: &source.generator) {
        let document = TestDocument(
          name: "d\(next)", text: source.text(Int.random(in: 0...40, using: &source.generator)))
        documents.insert(document, at: Int.random(in: 0...documents.count, using: &source.generator))
        next += 1
      }
      if step % 3 == 1, !documents.isEmpty {
        let index = Int.random(in: documents.indices, using: &source.generator)
        documents[index] = TestDocument(name: documents[index].name, text: source.text(25))
      }
      if step % 4 == 2 { documents.removeAll { _ in Bool.random(using: &source.generator) } }
      if step % 7 == 6 { documents.shuffle(using: &source.generator) }
      let name = "changed-\(step % 2)"
      let summary = try folder.makeIndex(name, from: older, documents)
      #expect(summary.added + summary.changed + summary.kept == documents.count)
      try folder.makeIndex("at-once", documents)
      let (changed, atOnce) = (try folder.index(name), try folder.index("at-once"))
      #expect(changed.documentCount(in: "docs") == atOnce.documentCount(in: "docs"))
      for size in [1, 3, 10] {
        let question = source.text(size)
        for count in [1, 4, 100] {
          #expect(
            try changed.best(count, for: question, in: "docs") == atOnce.best(count, for: question, in: "docs"))
        }
      }
      try TextIndex.check(FilePath(folder.path(name)))
      older = name
    }
  }

  @Test func onlyWhatChangedIsAskedFor() throws {
    let path = FilePath(folder.path("index"))
    try folder.makeIndex("index", (0..<50).map { TestDocument(name: "d\($0)", text: "text \($0)") })
    var asked: [String] = []
    let summary = try TextIndexMaker.make(at: path, from: path, stamp: []) { maker in
      for number in 10..<51 {
        let digest = TestDocument(name: "", text: number == 20 ? "new text" : "text \(number)").digest
        try maker.put("d\(number)", in: "docs", digest: digest) {
          asked.append("d\(number)")
          return number == 20 ? "new text" : "text \(number)"
        }
      }
    }
    #expect(asked == ["d20", "d50"])
    #expect((summary.added, summary.changed, summary.removed, summary.kept) == (1, 1, 10, 39))
    #expect(try folder.index("index").best(9, for: "new", in: "docs").map(\.name) == ["d20"])
    #expect(try folder.index("index").best(9, for: "5", in: "docs").isEmpty)
    try TextIndex.check(path)
  }

  @Test func whatFailsLeavesTheOldIndex() throws {
    struct Refusal: Error {}
    let path = FilePath(folder.path("index"))
    try folder.makeIndex("index", [TestDocument(name: "a", text: "old")])
    #expect(throws: Refusal.self) {
      try TextIndexMaker.make(at: path, from: path, stamp: []) { maker in
        try maker.put("b", in: "docs", digest: []) { "new" }
        try maker.put("c", in: "docs", digest: []) { throw Refusal() }
      }
    }
    #expect(throws: TextIndexError.duplicate(library: "docs", name: "b")) {
      try TextIndexMaker.make(at: path, stamp: []) { maker in
        for _ in 0..<2 { try maker.put("b", in: "docs", digest: []) { "new" } }
      }
    }
    #expect(throws: TextIndexError.noIndex(path: folder.path("none"))) {
      try TextIndexMaker.make(at: FilePath(folder.path("none/index")), stamp: []) { _ in }
    }
    #expect(folder.files() == ["index"])
    #expect(try folder.index("index").best(1, for: "old", in: "docs").map(\.name) == ["a"])
  }

  @Test func theFileIsItsOwnersAlone() throws {
    try folder.makeIndex("odd name ?#%41\"é", [TestDocument(name: "a", text: "x")])
    #expect(try FileStatus(of: FilePath(folder.path("odd name ?#%41\"é")))?.mode == 0o600)
    #expect(folder.files() == ["odd name ?#%41\"é"])
    #expect(try folder.index("odd name ?#%41\"é").documentCount(in: "docs") == 1)
  }

  @Test func aLibraryThatGoesIsGone() throws {
    let path = FilePath(folder.path("index"))
    try TextIndexMaker.make(at: path, stamp: []) { maker in
      try maker.put("a", in: "one", digest: []) { "x" }
      try maker.put("a", in: "two", digest: []) { "x" }
    }
    try TextIndexMaker.make(at: path, from: path, stamp: []) { maker in
      try maker.put("a", in: "two", digest: []) { "x" }
    }
    #expect(try TextIndex(at: path).libraries == ["two"])
    try TextIndex.check(path)
    try TextIndexMaker.make(at: path, from: path, stamp: []) { _ in }
    #expect(try TextIndex(at: path).libraries.isEmpty)
    try TextIndex.check(path)
  }

  @Test(arguments: ["cut", "empty", "text", "none", "newer"]) func anOlderIndexThatIsNoneIsMadeAnew(kind: String) throws
  {
    let documents = (0..<20).map { TestDocument(name: "d\($0)", text: "word\($0)") }
    try folder.makeIndex("whole", documents)
    var bytes = try Data(contentsOf: URL(filePath: folder.path("whole")))
    switch kind {
    case "cut": bytes.removeLast(5000)
    case "empty": bytes = Data()
    case "text": bytes = Data("not a database".utf8)
    case "newer": bytes[63] = 9
    default: break
    }
    if kind != "none" { try folder.write(bytes, to: "older") }
    let summary = try folder.makeIndex("index", from: "older", documents)
    #expect(summary.added == 20)
    try TextIndex.check(FilePath(folder.path("index")))
  }
}
