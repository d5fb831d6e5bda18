import TestSupport
import Testing

/// 0 done, 1 the input has errors, 2 it could not be carried out, 64 usage.
@Suite struct ExitStatusTests {
  @Test(arguments: [
    ["inspect"], ["warm"], ["run"], ["frobnicate"], ["check", "--nonsense"],
    ["warm", "schema.pml", "--kv", "f99"], ["run", "prompt.pml", "--max-tokens", "many"],
    ["run", "prompt.pml", "--max-tokens", "-1"], ["run", "prompt.pml", "--temperature", "-1"],
    ["run", "prompt.pml", "--top-p", "1.5"], ["run", "prompt.pml", "--logprobs", "-1"],
    ["run", "prompt.pml", "--weights", "q4"], ["warm", "schema.pml", "--weights", ""],
    ["warm", "schema.pml", "--threads", "0"], ["run", "prompt.pml", "--threads", "two"],
    ["run", "prompt.pml", "--top-k", "-1"], ["run", "prompt.pml", "--repetition-penalty", "0"],
    ["run", "prompt.pml", "--temperature", "nan"], ["run", "prompt.pml", "--seed", "18446744073709551616"],
    ["run", "prompt.pml", "--max-tokens", "0"], ["run", "prompt.pml", "--top-p", "0"],
  ])
  func usage(_ arguments: [String]) async throws {
    let folder = try Documents.folder()
    let run = try await PMLC.run(arguments, environment: ["PMLC_STORE": folder.path("store")], in: folder)
    #expect(run.status == 64, "\(run.standardError)")
    #expect(run.standardOutput.isEmpty)
    #expect(!run.standardError.isEmpty)
    #expect(folder.files(in: "store").isEmpty)
  }

  @Test func done() async throws {
    let folder = try Documents.folder()
    let store = ["PMLC_STORE": folder.path("store")]
    for arguments in [
      ["check", "schema.pml"], ["check", "prompt.pml", "--schema", "schema.pml"], ["compile", "schema.pml"],
      ["inspect", "schema.pml"], ["warm", "schema.pml", "--dry-run"], ["warm", "schema.pml"],
      ["run", "prompt.pml", "--max-tokens", "2"], ["diff", "schema.pml", "schema.pml", "--exit-code"], ["--version"],
    ] {
      let run = try await PMLC.run(arguments, environment: store, in: folder)
      #expect(run.status == 0, "\(arguments): \(run.standardError)")
    }
  }

  @Test func differenceIsOneIfAskedFor() async throws {
    let folder = try Documents.folder()
    try folder.write(Documents.schema.replacing("One", with: "Two"), to: "new.pml")
    let asked = try await PMLC.run(["diff", "schema.pml", "new.pml", "--exit-code"], in: folder)
    #expect(asked.status == 1)
    let plain = try await PMLC.run(["diff", "schema.pml", "new.pml"], in: folder)
    #expect(plain.status == 0)
  }

  @Test func compiledSchemaIsASchema() async throws {
    let folder = try Documents.folder()
    let compiled = try await PMLC.run(["compile", "schema.pml", "-o", "schema.pmlir"], in: folder)
    #expect(compiled.status == 0, "\(compiled.standardError)")
    let source = try await PMLC.run(["inspect", "schema.pml", "--json"], in: folder)
    let lowered = try await PMLC.run(["inspect", "schema.pmlir", "--json"], in: folder)
    #expect(lowered.status == 0, "\(lowered.standardError)")
    #expect(source.standardOutput == lowered.standardOutput)
  }
}
