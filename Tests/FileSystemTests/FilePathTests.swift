import FileSystem
import Testing

@Suite struct FilePathTests {
  @Test func bytesAreKept() {
    let path = FilePath(bytes: Array("t-".utf8) + [0xE8])
    #expect(path.bytes == [0x74, 0x2D, 0xE8])
    #expect(path != FilePath(bytes: Array("t-".utf8) + [0xE9]))
    #expect(path.description == "t-\\xE8")
    #expect(FilePath("café").description == "café")
  }

  @Test(arguments: [
    ("a/b/c", "c", "a/b"), ("/a", "a", "/"), ("a", "a", "."), ("a/b/", "b", "a"), ("a//b", "b", "a"), ("/", "", "/"),
  ])
  func partsOfAPath(path: String, name: String, parent: String) {
    #expect(FilePath(path).lastComponent == FilePath(name))
    #expect(FilePath(path).parent == FilePath(parent))
  }

  @Test func namesAreAppended() {
    #expect(FilePath("a").appending("b") == "a/b")
    #expect(FilePath("a/").appending("b") == "a/b")
    #expect(FilePath("a").appending("/b") == "/b")
    #expect(FilePath("a").appending("./b") == "a/b")
    #expect(FilePath("a").appending(".//././.b/./c") == "a/.b/./c")
  }
}
