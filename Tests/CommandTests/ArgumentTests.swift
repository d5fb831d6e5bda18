import Foundation
import Glibc
import TestSupport
import Testing

/// Arguments, paths and the environment, byte by byte.
@Suite struct ArgumentTests {
  let folder: TemporaryFolder
  let shell: Shell

  init() throws {
    folder = try Documents.folder()
    shell = try Shell(in: folder)
  }

  @Test func pathsKeepTheirBytes() throws {
    let run = try shell.run(
      #"""
      a=$(printf 'caf\xe9.pml') b=$(printf 'caf\xe8.pml'); mkdir "$(printf 'd\xff')"
      cp schema.pml "$a"; "$pmlc" check "$a" || exit 10
      "$pmlc" check "$b"; test $? = 2 || exit 11
      "$pmlc" warm "$a" --store "$(printf 't-\xe8')" || exit 12
      PMLC_STORE=$(printf 't-\xe9') "$pmlc" warm "$a" || exit 13
      "$pmlc" compile "$a" -o "$(printf 'd\xff/out')" || exit 14
      test -d "$(printf 't-\xe8')" -a -d "$(printf 't-\xe9')" -a -s "$(printf 'd\xff/out')"
      """#)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(run.standardError.contains(#"cannot read `caf\xE8.pml`"#))
  }

  @Test func valuesMayBeginWithADash() async throws {
    try folder.write(Documents.schema, to: "-s.pml")
    let run = try await PMLC.run(
      [
        "run", "prompt.pml", "--schema", "-s.pml", "--store", "--- store", "--max-tokens", "1", "--stop", "---",
        "--stop",
        "- item", "--stop", "--", "--stop", "--json", "--seed", "-1", "--temperature", "1",
      ], in: folder)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(!run.standardOutput.hasPrefix("{"))
    #expect(folder.files(in: "--- store").contains("data.mdb"))
  }

  @Test func whatTheParserQuotesIsPrintableAndShort() async throws {
    let long = String(repeating: "x", count: 100_000)
    for arguments in [
      ["check", "a.pml", "--x\u{1B}]0;t\u{7}\u{202E}"], ["warm", "a.pml", "--kv", "f\u{1B}[2J\n"],
      ["check", "--\(long)"],
    ] {
      let run = try await PMLC.run(arguments, in: folder)
      #expect(run.status == 64)
      #expect(run.standardError.utf8.count < 5_000)
      #expect(!run.standardError.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{7}" || $0 == "\u{202E}" })
    }
    let path = try await PMLC.run(["check", "a\u{1B}[2J\nb"], in: folder)
    #expect(path.status == 2)
    #expect(path.standardError == "pmlc: error: cannot read `a\\u{1b}[2J\\nb`: there is no such file\n")
  }

  @Test func aDashIsAStandardStream() async throws {
    let schema = try await PMLC.run(["check", "-"], in: folder, input: Documents.schema)
    #expect(schema.status == 0, "\(schema.standardError)")
    let wrong = try await PMLC.run(["check", "-"], in: folder, input: "<schema>")
    #expect(wrong.status == 1 && wrong.standardError.hasPrefix("<stdin>:1:"))
    let file = try await PMLC.run(["compile", "schema.pml"], in: folder)
    let stream = try await PMLC.run(["compile", "-", "-o", "-"], in: folder, input: Documents.schema)
    #expect(stream.standardOutput == file.standardOutput && stream.status == 0)
    let prompt = try await PMLC.run(
      ["run", "-", "--schema", "schema.pml", "--max-tokens", "1"], in: folder, input: Documents.prompt)
    #expect(prompt.status == 0, "\(prompt.standardError)")
    let page = try await PMLC.run(["inspect", "schema.pml", "--html", "-"], in: folder)
    #expect(page.standardOutput.hasPrefix("<!doctype html>") && page.standardOutput.hasSuffix("</html>\n"))
    #expect(folder.files() == ["prompt.pml", "schema.pml"])
  }

  @Test(arguments: [
    ["run", "-", "--schema", "-"], ["check", "-", "-"], ["diff", "-", "-"], ["warm", "-", "-"],
    ["check", "--watch", "-"], ["inspect", "schema.pml", "--json", "--html", "-"],
  ])
  func aStreamIsUsedOnce(_ arguments: [String]) async throws {
    let run = try await PMLC.run(arguments, in: folder, input: Documents.schema)
    #expect(run.status == 64, "\(run.standardError)")
  }

  @Test func theModelIsTheOneThatTheEnvironmentNames() async throws {
    func run(_ arguments: [String], model: String) async throws -> PMLC.Result {
      try await PMLC.run(
        arguments, environment: ["PMLC_MODEL": model, "PMLC_STORE": folder.path("store")], in: folder)
    }
    // Who needs a model takes it, unless the command line names one; an empty value is none.
    for arguments in [
      ["tokenize", "--text", "x"], ["compile", "schema.pml"], ["inspect", "schema.pml"],
      ["diff", "schema.pml", "schema.pml"], ["warm", "schema.pml", "--dry-run"],
      ["run", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "1"],
      ["audit", "prompt.pml", "--schema", "schema.pml", "--max-tokens", "1"],
    ] {
      let missing = try await run(arguments, model: "no-such-model")
      #expect(missing.status == 2 && missing.standardError.contains("`no-such-model"), "\(missing.standardError)")
      #expect(try await run(arguments + ["--model", "demo"], model: "no-such-model").status == 0, "\(arguments)")
      #expect(try await run(arguments, model: "").status == 0, "\(arguments)")
    }
    let report = try await run(["inspect"], model: GoldenTests.demoModel)
    #expect(report.status == 0 && report.standardOutput.contains("vocabulary"), "\(report.standardError)")
    #expect(try await run(["inspect"], model: "").status == 64)
    // Who needs none does not come to need one.
    _ = try await run(["warm", "schema.pml"], model: "")
    for arguments in [
      ["check", "schema.pml", "prompt.pml"], ["grammar", "schema.pml"], ["store", "ls"], ["store", "stat"],
      ["store", "verify"], ["store", "pin", "s"], ["store", "unpin", "s"], ["store", "export", "s", "-o", "states"],
      ["store", "import", "states", "--store", "other"], ["store", "rm", "s"], ["store", "gc"],
    ] {
      let ignored = try await run(arguments, model: "no-such-model")
      #expect(ignored.status == 0, "\(arguments): \(ignored.standardError)")
    }
  }

  @Test func theStoreIsWhereTheEnvironmentSays() throws {
    let run = try shell.run(
      #"""
      unset HOME XDG_CACHE_HOME PMLC_STORE
      warm() { "$pmlc" warm schema.pml >/dev/null; }
      warm; test $? = 2 || exit 10
      HOME= warm; test $? = 2 || exit 11
      HOME=relative warm; test $? = 2 || exit 12
      HOME=$PWD/home XDG_CACHE_HOME=relative PMLC_STORE= warm && test -d home/.cache/pmlc || exit 13
      HOME=$PWD/home XDG_CACHE_HOME=$PWD/cache warm && test -d cache/pmlc || exit 14
      XDG_CACHE_HOME=$PWD/cache PMLC_STORE=store warm && test -d store && test ! -e relative
      """#)
    #expect(run.status == 0, "\(run.standardError)")
  }
}
