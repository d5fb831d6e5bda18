import Foundation
import TestSupport
import Testing

/// Each wrong input gives one clear error and the right status, and writes nothing.
@Suite struct WrongInputTests {
  let folder: TemporaryFolder
  let store: [String: String]

  init() throws {
    folder = try Documents.folder()
    store = ["PMLC_STORE": folder.path("store")]
  }

  private func refused(
    _ arguments: [String], status: Int32, saying words: String..., location: SourceLocation = #_sourceLocation
  ) async throws {
    let before = folder.files()
    let run = try await PMLC.run(arguments, environment: store, in: folder)
    #expect(run.status == status, "\(run.standardError)", sourceLocation: location)
    #expect(run.standardOutput.isEmpty, sourceLocation: location)
    let errors = run.standardError.matches(of: /(?m)^.*\berror(\[PML\d+\])?: .+$/).map { String($0.output.0) }
    #expect(errors.count == 1, "\(run.standardError)", sourceLocation: location)
    for word in words {
      #expect(run.standardError.localizedStandardContains(word), "\(run.standardError)", sourceLocation: location)
    }
    #expect(folder.files() == before, sourceLocation: location)
  }

  /// A copy of the demo model whose big file is a link, so that a test may change the small ones.
  private func modelFolder(changing config: (String) -> String = { $0 }) throws -> String {
    let source = URL(filePath: GoldenTests.demoModel)
    for name in ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] {
      let text = try String(contentsOf: source.appending(path: name), encoding: .utf8)
      try folder.write(name == "config.json" ? config(text) : text, to: "model/\(name)")
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("model/model.safetensors"),
      withDestinationPath: source.appending(path: "model.safetensors").path(percentEncoded: false))
    return "model"
  }

  @Test(arguments: [
    ["check", "missing.pml"], ["compile", "missing.pml"], ["inspect", "missing.pml"], ["warm", "missing.pml"],
    ["run", "missing.pml", "--schema", "schema.pml"], ["run", "prompt.pml", "--schema", "missing.pml"],
  ])
  func noSuchFile(_ arguments: [String]) async throws {
    try await refused(arguments, status: 2, saying: "missing.pml")
  }

  @Test(arguments: ["inspect", "warm"])
  func notAModelFolder(_ command: String) async throws {
    try folder.write("", to: "empty/nothing")
    try await refused([command, "schema.pml", "--model", "empty"], status: 2, saying: "empty")
    try await refused([command, "schema.pml", "--model", "absent"], status: 2, saying: "absent")
  }

  @Test func unsupportedArchitecture() async throws {
    let model = try modelFolder { $0.replacing("LlamaForCausalLM", with: "GPT2LMHeadModel") }
    try await refused(
      ["warm", "schema.pml", "--model", model], status: 2, saying: "GPT2LMHeadModel", "LlamaForCausalLM")
  }

  @Test func truncatedWeights() async throws {
    let model = try modelFolder()
    let weights = folder.path("model/model.safetensors")
    let bytes = try Data(contentsOf: URL(filePath: weights))
    try FileManager.default.removeItem(atPath: weights)
    try folder.write(bytes.prefix(bytes.count / 2), to: "model/model.safetensors")
    try await refused(["warm", "schema.pml", "--model", model], status: 2, saying: "model.safetensors")
  }

  @Test func brokenTokenizer() async throws {
    let model = try modelFolder()
    try folder.write("{\"model\": {", to: "model/tokenizer.json")
    try await refused(["inspect", "schema.pml", "--model", model], status: 2, saying: "tokenizer.json")
  }

  @Test func storeOfAnotherModel() async throws {
    let warm = try await PMLC.run(["warm", "schema.pml", "--json"], environment: store, in: folder)
    #expect(warm.status == 0, "\(warm.standardError)")
    let model = try modelFolder { $0.replacing("500000.0", with: "400000.0") }
    try await refused(["run", "prompt.pml", "--model", model], status: 2, saying: "`s`")
  }

  @Test func emptyStore() async throws {
    try await refused(["run", "prompt.pml"], status: 2, saying: "store")
  }

  @Test func storeThatIsAFile() async throws {
    try folder.write("no store", to: "file")
    try await refused(["warm", "schema.pml", "--store", "file"], status: 2, saying: "file")
  }

  @Test func malformed() async throws {
    try folder.write("<schema name=\"s\"><module name=\"a\">", to: "wrong.pml")
    try await refused(["warm", "wrong.pml"], status: 1, saying: "wrong.pml:1:")
    try await refused(["run", "prompt.pml", "--schema", "wrong.pml"], status: 1, saying: "wrong.pml:1:")
  }

  @Test func promptForAnotherSchema() async throws {
    try folder.write(Documents.prompt.replacing("schema=\"s\"", with: "schema=\"t\""), to: "wrong.pml")
    try await refused(["run", "wrong.pml", "--schema", "schema.pml"], status: 1, saying: "wrong.pml:1:", "`t`", "`s`")
    try await refused(["check", "wrong.pml", "--schema", "schema.pml"], status: 1, saying: "wrong.pml:1:", "`t`")
  }

  @Test func promptLongerThanTheContext() async throws {
    try folder.write(
      "<prompt schema=\"s\"><a/>\(String(repeating: " word and word", count: 6000))</prompt>", to: "wrong.pml")
    try await refused(["run", "wrong.pml", "--schema", "schema.pml"], status: 1, saying: "8192")
  }

  @Test func schemaLongerThanTheContext() async throws {
    try folder.write(
      """
      <schema name="s" positions="fixed"><module name="a"><parameter name="p" length="9000"/></module></schema>
      """, to: "wrong.pml")
    try await refused(["warm", "wrong.pml"], status: 1, saying: "PML403", "8192")
  }

  @Test func textLongerThanTheContext() async throws {
    let text = String(repeating: " word and word", count: 6000)
    try folder.write("<schema name=\"s\"><module name=\"a\">\(text)</module></schema>", to: "wrong.pml")
    try await refused(["warm", "wrong.pml"], status: 1, saying: "PML405", "8192")
    try await refused(["check", "wrong.pml", "--model", GoldenTests.demoModel], status: 1, saying: "PML405", "8192")
  }

  @Test func schemaThatIsAPrompt() async throws {
    try await refused(["warm", "prompt.pml"], status: 1, saying: "prompt.pml:1:")
    try await refused(["run", "schema.pml", "--schema", "schema.pml"], status: 1, saying: "schema.pml:1:")
  }
}
