import Failure
import FileSystem
import Foundation
import Glibc
import PMLCompiler
import TestSupport
import Testing

/// Files that modules name in `src`, on a real file system.
@Suite struct IncludeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func compile(_ path: String) -> SchemaCompilation {
    let source = SourceFile(
      path: FilePath(folder.path("here/schema.pml")),
      text: "<schema name=\"s\"><module name=\"m\" src=\"\(path)\">\n  own\n</module></schema>")
    return PML.compileSchema(source, template: .none, includes: FolderIncludeReader(besides: source.path))
  }

  private func codes(_ path: String) -> [String] { compile(path).diagnostics.map(\.sketch) }

  @Test(arguments: ["text.txt", "./text.txt", "sub/text.txt", "sub//text.txt", "a&amp;b.txt", "東京.txt"])
  func aFileInTheFolderIsTakenVerbatim(_ path: String) throws {
    let text = " a\r\n\tb  \n\n<&>"
    for name in ["text.txt", "sub/text.txt", "a&b.txt", "東京.txt"] {
      try folder.write("\u{FEFF}" + text, to: "here/" + name)
    }
    let schema = try #require(compile(path).schema)
    #expect(
      schema.nodes == [
        .module(
          .init(name: "m", attention: .context, cache: true, nodes: [.text(TextRun(text)), .text(TextRun("\nown"))]))
      ])
  }

  @Test func anEmptyFileIsNoRun() throws {
    try folder.write("", to: "here/empty")
    #expect(compile("empty").schema?.sketch == #"m("own")"#)
  }

  @Test func aFileWithoutTextIsNamed() throws {
    try folder.write("", to: "here/empty")
    try folder.write("\u{FEFF}", to: "here/mark")
    try folder.write(" \r\n\t", to: "here/blank")
    for (name, message) in [
      ("empty", "`empty` is empty"), ("mark", "`mark` is empty"), ("blank", "`blank` holds nothing but white space"),
    ] {
      let found = compile(name)
      #expect(found.diagnostics.map(\.sketch) == ["PML257 1:40-1:\(40 + name.count)"])
      #expect(found.diagnostics.map(\.message) == [message])
      #expect(found.schema != nil)
    }
    let source = SourceFile(
      path: FilePath(folder.path("here/schema.pml")),
      text: "<schema name=\"s\"><library name=\"l\" window=\"9\"><module name=\"m\" src=\"empty\"/></library></schema>")
    let library = PML.compileSchema(source, template: .none, includes: FolderIncludeReader(besides: source.path))
    #expect(library.diagnostics.map(\.code.rawValue) == ["PML257"])
  }

  @Test func whatMayHaveBeenMeantIsNamed() throws {
    func help(_ path: String) -> [String?] { compile(path).diagnostics.map(\.help) }
    let plain = "the path starts from the schema's own folder"
    #expect(help("drinks.txt") == [plain])
    try folder.write("x", to: "here/drinks.txt")
    try folder.write("x", to: "here/.hidden")
    try folder.write("x", to: "here/sub/food.txt")
    try folder.write("x", to: "outside/drinks.txt")
    try FileManager.default.createSymbolicLink(atPath: folder.path("here/link"), withDestinationPath: "../outside")
    #expect(help("drink.txt") == ["did you mean `drinks.txt`?"])
    #expect(help("Drinks.TXT") == ["did you mean `drinks.txt`?"])
    #expect(help("sub/fod.txt") == ["did you mean `sub/food.txt`?"])
    #expect(help("menu") == ["\(plain); there are `drinks.txt`"])
    #expect(help("sub/menu") == ["\(plain); there are `sub/food.txt`"])
    #expect(help("none/menu") == [plain])
    // What lies outside is not told.
    #expect(FolderIncludeReader(besides: FilePath(folder.path("here/s.pml"))).fileNames(besides: "link/x") == [])
    for index in 0..<12 { try folder.write("x", to: "here/file-\(index)") }
    #expect(help("menu").first??.hasSuffix("`file-2`, `file-3`, `file-4` and 5 more") == true, "\(help("menu"))")
  }

  @Test func onlyTheFirstMissingFilesAreLookedFor() throws {
    try folder.write("x", to: "here/drinks.txt")
    let modules = (0..<40).map { "<module name=\"m\($0)\" src=\"menu\"/>" }.joined()
    let source = SourceFile(
      path: FilePath(folder.path("here/schema.pml")), text: "<schema name=\"s\">\(modules)</schema>")
    let found = PML.compileSchema(source, template: .none, includes: FolderIncludeReader(besides: source.path))
    #expect(found.diagnostics.count == 40)
    #expect(found.diagnostics.count { $0.help?.contains("there are") == true } == 16)
  }

  @Test(arguments: [
    "../outside.txt", "sub/../../outside.txt", "sub/../inside.txt", "..", "/etc/passwd", "//etc/passwd",
  ])
  func aPathMayNotLeaveTheFolder(_ path: String) throws {
    try folder.write("x", to: "outside.txt")
    try folder.write("x", to: "here/inside.txt")
    #expect(codes(path) == ["PML210 1:40-1:\(40 + path.count)"])
  }

  @Test func aLinkMayNotLeaveTheFolder() throws {
    try folder.write("x", to: "outside/file.txt")
    try folder.write("x", to: "here/file.txt")
    let links = [
      "out.txt": "../outside/file.txt", "in.txt": "file.txt", "folder": "../outside", "absolute": "/etc/passwd",
      "up": "..", "loop": "loop",
    ]
    for (name, target) in links {
      try FileManager.default.createSymbolicLink(atPath: folder.path("here/" + name), withDestinationPath: target)
    }
    #expect(codes("in.txt") == [])
    for path in ["out.txt", "folder/file.txt", "absolute", "up/outside/file.txt"] {
      #expect(codes(path).map { $0.prefix(6) } == ["PML210"], "\(path)")
    }
    #expect(codes("loop").map { $0.prefix(6) } == ["PML211"])
  }

  @Test func aFolderWhoseNameBeginsLikeThisOneIsOutside() throws {
    try folder.write("x", to: "here-too/file.txt")
    try folder.write("", to: "here/x")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("here/link"), withDestinationPath: "../here-too/file.txt")
    #expect(codes("link").map { $0.prefix(6) } == ["PML210"])
  }

  @Test func onlyRegularFilesAreRead() throws {
    try folder.write("x", to: "here/sub/file")
    #expect(unsafe mkfifo(folder.path("here/pipe"), 0o600) == 0)
    for path in ["missing", "sub", "sub/", ".", "", "pipe", "sub/file/x"] {
      #expect(codes(path).map { $0.prefix(6) } == ["PML211"], "\(path)")
    }
  }

  @Test func textMustBeUTF8() throws {
    try folder.write(Data([0x61, 0x0A, 0xFF]), to: "here/bytes")
    let diagnostic = try #require(compile("bytes").diagnostics.first)
    #expect(diagnostic.code.rawValue == "PML212")
    #expect(diagnostic.message.contains("line 2"))
  }

  @Test func aFileMayHave64MiB() throws {
    let path = try folder.write("", to: "here/large")
    #expect(unsafe truncate(path, 64 << 20) == 0)
    // Zeros, which are no text.
    #expect(codes("large").map { $0.prefix(6) } == ["PML256"])
    #expect(unsafe truncate(path, 64 << 20 + 1) == 0)
    #expect(codes("large").map { $0.prefix(6) } == ["PML213"])
  }

  @Test func manyFilesHaveALimitTogether() throws {
    let path = try folder.write("", to: "here/large")
    #expect(unsafe truncate(path, 60 << 20) == 0)
    let modules = (0..<5).map { "<module name=\"m\($0)\" src=\"large\"/>" }.joined()
    let source = SourceFile(
      path: FilePath(folder.path("here/schema.pml")), text: "<schema name=\"s\">\(modules)</schema>")
    let compilation = PML.compileSchema(source, template: .none, includes: FolderIncludeReader(besides: source.path))
    #expect(compilation.diagnostics.filter { $0.severity == .error }.map(\.code.rawValue) == ["PML213"])
  }

  @Test func theFolderIsThatOfTheFile() throws {
    try folder.write("x", to: "file.txt")
    #expect(
      try FolderIncludeReader(besides: FilePath(folder.path("s.pml"))).bytes(of: "file.txt", limit: 10)
        == Array("x".utf8))
    let missing = FilePath(folder.path("no"))
    #expect(throws: IncludeError.unreadable(SystemFailure("open", missing, code: ENOENT))) {
      try FolderIncludeReader(besides: FilePath(folder.path("no/s.pml"))).bytes(of: "file.txt", limit: 10)
    }
  }
}

@Suite struct SourceFileTests {
  private let temporary: TemporaryFolder

  init() throws { temporary = try TemporaryFolder() }

  @Test func aDocumentIsRead() throws {
    let folder = try TemporaryFolder()
    #expect(try SourceFile.read(FilePath(folder.write("é\n", to: "a.pml"))).bytes == Array("é\n".utf8))
    #expect(try SourceFile.read("/dev/null").bytes == [])
  }

  @Test func whatCannotBeReadSaysWhy() throws {
    let folder = try TemporaryFolder()
    let plain = try folder.write("", to: "file")
    let cases: [(path: String, code: Int32, category: FailureCategory, reason: String)] = [
      (folder.path("none"), ENOENT, .notFound, "there is no such file"),
      (plain + "/x", ENOTDIR, .notFound, "there is no such file"),
      (folder.path(""), EISDIR, .own, "it is a folder"),
      (String(repeating: "x", count: 5_000), ENAMETOOLONG, .own, "File name too long"),
    ]
    for (path, code, category, reason) in cases {
      let error = #expect(throws: SourceFileError.self) { try SourceFile.read(FilePath(path)) }
      #expect(error?.failure.code == code)
      #expect(error?.category == category)
      #expect(error?.message.hasSuffix(": \(reason)") == true)
    }
    let hostile = #expect(throws: SourceFileError.self) { try SourceFile.read("a\u{1B}[31m\n/b") }
    #expect(hostile?.message == "cannot read `a\\u{1b}[31m\\n/b`: there is no such file")
  }

  @Test func pathsKeepTheirBytes() throws {
    let folder = FilePath(temporary.path(""))
    for (byte, text) in [(UInt8(0xE8), "<schema name='a'/>"), (0xE9, "<schema name='b' x=''/>")] {
      let path = folder.appending(FilePath(bytes: Array("caf".utf8) + [byte] + Array(".pml".utf8)))
      let file = try NewFile(path)
      try unsafe file.write(Array(text.utf8).span.bytes)
      try file.finish()
      let source = try SourceFile.read(path)
      #expect(source.path == path)
      #expect(source.bytes == Array(text.utf8))
    }
    let source = try SourceFile.read(folder.appending(FilePath(bytes: Array("caf".utf8) + [0xE9] + Array(".pml".utf8))))
    let diagnostics = PML.compileSchema(source, template: .none, includes: FakeIncludes()).diagnostics
    #expect(TextRenderer(sources: [source]).render(diagnostics).contains("/caf\\xE9.pml:1:18: error[PML104]"))
  }

  @Test func filesOfSrcAreFoundInAFolderWhoseNameIsNotUTF8() throws {
    let folder = FilePath(temporary.path("")).appending(FilePath(bytes: [0x61, 0xFF]))
    _ = try Folder.making(folder, permissions: 0o700)
    let file = try NewFile(folder.appending("text.txt"))
    try unsafe file.write(Array("words".utf8).span.bytes)
    try file.finish()
    #expect(
      try FolderIncludeReader(besides: folder.appending("s.pml")).bytes(of: "text.txt", limit: 9) == Array("words".utf8)
    )
  }

  /// A pipe that the user names is read, however slowly it is written.
  @Test func aPipeIsRead() throws {
    let path = temporary.path("pipe")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    let document = "<schema name='s'/>"
    let writer = Thread {
      // Later than the reader opens it.
      Thread.sleep(forTimeInterval: 0.3)
      let file = FileHandle(forWritingAtPath: path)
      Thread.sleep(forTimeInterval: 0.3)
      try? file?.write(contentsOf: Data(document.utf8.prefix(7)))
      Thread.sleep(forTimeInterval: 0.1)
      try? file?.write(contentsOf: Data(document.utf8.dropFirst(7)))
      try? file?.close()
    }
    writer.start()
    #expect(try SourceFile.read(FilePath(path)).bytes == Array(document.utf8))
  }

  @Test func anEndlessFileIsReadToTheLimit() throws {
    let source = try SourceFile.read("/dev/zero")
    #expect(source.bytes.count == 64 << 20 + 1)
    let compilation = PML.compileSchema(source, template: .none, includes: FakeIncludes())
    #expect(compilation.diagnostics.map(\.code.rawValue) == ["PML005"])
  }

  @Test(
    arguments: [
      ("<schema name='s'/>", PML.RootKind.schema, nil), ("<prompt schema=\"a\"/>", .prompt, "a"),
      ("\u{FEFF}<?xml version='1.0'?>\n<!-- <schema> -->\n<prompt x='1'\n schema = 'b' >", .prompt, "b"),
      ("<prompt>", .prompt, nil), ("<prompt schema=a>", .prompt, nil), ("<prompts schema='a'/>", nil, nil),
      ("", nil, nil), ("<", nil, nil), ("text", nil, nil),
      ("<!-- ", nil, nil), ("<schema schema='a'/>", .schema, nil),
    ] as [(String, PML.RootKind?, String?)])
  func theHeadSaysWhatADocumentIs(_ text: String, _ kind: PML.RootKind?, _ schema: String?) {
    let source = SourceFile(path: "x", text: text)
    #expect(PML.rootKind(of: source) == kind)
    #expect(PML.schemaName(ofPrompt: source) == schema)
  }

  @Test(
    arguments: [
      ("<schema name='a' x='b'><", "a"), ("<!-- x --><schema\n x='' name=\"東京\"/>", "東京"), ("<schema/>", nil),
      ("<prompt name='a'/>", nil), ("<schema name=a/>", nil), ("", nil),
    ] as [(String, String?)])
  func theHeadHasASchemasName(_ text: String, _ name: String?) {
    #expect(PML.name(ofSchema: SourceFile(path: "x", text: text)) == name)
  }
}
