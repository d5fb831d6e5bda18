import Foundation
import Glibc
import TestSupport
import Testing

/// Input that is meant to do harm: the program, held to little memory and a second of processor time, says what is wrong.
@Suite struct HostileInputTests {
  /// A document of 60 MB is in memory several times over: its bytes, libxml2's, and ours.
  private static let kilobytes = 700_000

  private func check(
    _ document: Data, saying words: String, _ location: SourceLocation = #_sourceLocation
  ) async throws {
    let folder = try TemporaryFolder()
    try folder.write(document, to: "x.pml")
    try await expect(words, in: folder, location)
  }

  private func expect(
    _ words: String, in folder: TemporaryFolder, _ location: SourceLocation = #_sourceLocation
  ) async throws {
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    let program = try PMLC.executable.path(percentEncoded: false)
    shell.arguments = ["-c", "ulimit -v \(Self.kilobytes) -t 1; exec '\(program)' check x.pml"]
    shell.currentDirectoryURL = folder.url
    shell.standardInput = FileHandle.nullDevice
    shell.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    shell.standardError = errors
    try shell.run()
    let printed = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationReason == .exit && shell.terminationStatus == 1, sourceLocation: location)
    let first = printed.prefix { $0 != "\n" }
    #expect(first.contains(words), sourceLocation: location)
    #expect(printed.utf8.count < 100_000, sourceLocation: location)
  }

  private func schema(_ content: String) -> Data { Data("<schema name=\"s\">\(content)</schema>".utf8) }

  @Test func aMillionAttributes() async throws {
    let attributes = (0..<1_000_000).map { " a\($0)=''" }.joined()
    try await check(Data("<schema\(attributes)/>".utf8), saying: "error[PML007]: `schema` has more than 256 attributes")
    try await check(Data("<prompt schema='s'><m\(attributes)/></prompt>".utf8), saying: "error[PML007]: `m` has")
  }

  @Test func namesOfAMegabyte() async throws {
    let name = String(repeating: "n", count: 1 << 20)
    try await check(schema("<\(name)/>"), saying: "error[PML101]: PML has no element `nnn")
    try await check(schema("<module \(name)=''/>"), saying: "error[PML105]: `module` needs")
    try await check(
      schema("<module name='\(name)'>a</module><module name='\(name)'>b</module>"), saying: "error[PML201]: there is a")
    try await check(schema("<union scaffold='\(name)'><module name='a'>a</module></union>"), saying: "PML250")
    try await check(
      schema("<module name='a'>a</module><scaffold modules='a \(name)/\(name)'/>"), saying: "error[PML204]: there is no"
    )
    try await check(Data("<prompt schema='\(name)'><\(name)/></prompt>".utf8), saying: "error[PML300]: schema `nnn")
    try await check(schema("<module name='a' src='\(name)'/>"), saying: "error[PML211]: `nnn")
  }

  @Test(arguments: ["schema", "prompt"]) func nestingOf100000(_ root: String) async throws {
    let count = 100_000
    let attribute = root == "schema" ? "name" : "schema"
    let nested = String(repeating: "<m>", count: count) + String(repeating: "</m>", count: count)
    try await check(
      Data("<\(root) \(attribute)='s'>\(nested)</\(root)>".utf8), saying: "error[PML006]: elements are nested more")
    try await check(Data(String(repeating: "<\(root)>", count: 1_000_000).utf8), saying: "error[PML006]")
  }

  @Test func entitiesOfAllKinds() async throws {
    let laughs = (0..<20).map { "<!ENTITY a\($0) '\(String(repeating: "&a\($0 + 1);", count: 10))'>" }.joined()
    for subset in [
      "[\(laughs)]", "[<!ENTITY a0 '&a0;'>]", "[<!ENTITY a0 SYSTEM 'file:///etc/passwd'>]",
      "[<!ENTITY a0 SYSTEM '/dev/zero'>]", "SYSTEM 'http://localhost:1/x.dtd'", "[<!ENTITY % p SYSTEM 'x'>%p;]",
    ] {
      try await check(
        Data("<!DOCTYPE schema \(subset)><schema name='s'>&a0;</schema>".utf8), saying: "error[PML004]: a document type"
      )
    }
  }

  @Test func bytesThatAreNoText() async throws {
    try await check(Data("<schema name='s'>".utf8) + Data(repeating: 0xFF, count: 1 << 20), saying: "error[PML001]")
    try await check(Data("<schema name='s'>".utf8) + Data(count: 1 << 25), saying: "error[PML003]")
    try await check(Data(count: 1 << 25), saying: "error[PML003]")
    for encoding in [String.Encoding.utf16, .utf16BigEndian, .utf16LittleEndian, .utf32] {
      let text = "<schema name='s'>\(String(repeating: "x", count: 1 << 20))</schema>"
      try await check(try #require(text.data(using: encoding)), saying: "error[PML002]")
    }
  }

  @Test func longTextsWithAMistakeAtTheEnd() async throws {
    let text = String(repeating: "a ", count: 10_000_000)
    try await check(schema(text + "&"), saying: "x.pml:1:20000018: error[PML011]")
    try await check(schema(text + "<"), saying: "x.pml:1:20000018: error[PML010]")
    try await check(Data(("<schema name='" + text).utf8), saying: "x.pml:1:9: error[PML015]")
    try await check(
      schema("<module name='a'>a</module><scaffold modules='\(text)'/>"), saying: "error[PML106]")
  }

  /// With too little memory for the document nothing is taken for the whole of it.
  @Test func tooLittleMemoryIsNoSuccess() async throws {
    let folder = try TemporaryFolder()
    try folder.write(schema(String(repeating: "a ", count: 30_000_000) + "&"), to: "x.pml")
    let program = try PMLC.executable.path(percentEncoded: false)
    for megabytes in stride(from: 350, through: 800, by: 50) {
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/bash")
      shell.arguments = ["-c", "ulimit -v \(megabytes)000 -c 0; exec '\(program)' check '\(folder.path("x.pml"))'"]
      shell.standardError = FileHandle.nullDevice
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationReason == .uncaughtSignal || shell.terminationStatus == 1, "\(megabytes)")
    }
  }

  @Test(arguments: ["../outside.txt", "/dev/zero", "link", "pipe", "device", "sub/../../outside.txt", "up/outside.txt"])
  func filesThatSrcMayNotName(_ path: String) async throws {
    let folder = try TemporaryFolder()
    try folder.write("x", to: "outside.txt")
    try folder.write("<schema name='s'><module name='m' src='\(path)'/></schema>", to: "here/x.pml")
    #expect(unsafe mkfifo(folder.path("here/pipe"), 0o600) == 0)
    for (name, target) in [("link", "/dev/zero"), ("up", "..")] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path("here/\(name)"), withDestinationPath: target)
    }
    // /dev/zero, where the user may make devices; otherwise there is no such file.
    _ = unsafe mknod(folder.path("here/device"), S_IFCHR | 0o600, 1 << 8 | 5)
    let isInside = path == "pipe" || path == "device"
    let shell = Process()
    shell.executableURL = try PMLC.executable
    shell.arguments = ["check", "x.pml"]
    shell.currentDirectoryURL = folder.url.appending(path: "here")
    let errors = Pipe()
    shell.standardError = errors
    try shell.run()
    let printed = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1)
    #expect(printed.hasPrefix("x.pml:1:40: error[\(isInside ? "PML211" : "PML210")]"), "\(printed)")
  }

  /// Whatever another process does to a file meanwhile, each run reads some of it and judges that.
  @Test func filesThatChangeWhileTheyAreRead() async throws {
    let folder = try TemporaryFolder()
    let document = String(
      decoding: schema("<module name='m' src='text.txt'/>" + String(repeating: "text ", count: 200_000)), as: UTF8.self)
    try folder.write(document, to: "x.pml")
    try folder.write(String(repeating: "é", count: 500_000), to: "text.txt")
    let isOver = Task {
      var round = 0
      while !Task.isCancelled {
        round += 1
        for (name, text) in [("x.pml", document), ("text.txt", String(repeating: "é", count: 500_000))] {
          // In place, to different lengths, cut inside of characters.
          _ = unsafe truncate(folder.path(name), round * 7_919 % text.utf8.count)
          let file = FileHandle(forWritingAtPath: folder.path(name))
          try file?.write(contentsOf: Data(text.utf8))
          try file?.close()
        }
        await Task.yield()
      }
    }
    for _ in 0..<40 {
      let run = try await PMLC.run(["check", "x.pml"], in: folder)
      #expect(run.status == 0 || run.status == 1)
      #expect((run.status == 1) == run.standardError.contains("error[PML"), "\(run.standardError)")
    }
    isOver.cancel()
    _ = await isOver.result
  }
}
