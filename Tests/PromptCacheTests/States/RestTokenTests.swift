import PromptCache
import TestSupport
import Testing

/// Isolated modules rest on a token also with models whose sequences begin with none.
@Suite struct RestTokenTests {
  private static let schema = """
    <schema name="s"><module name="m" attention="isolated">The harbour of Norville is closed.</module></schema>
    """

  /// The states of the module with the demo model, as this `tokenizer_config.json` has it.
  private func states(_ configuration: String) throws -> (segments: Int, bytes: [UInt8]) {
    let folder = try TemporaryFolder()
    let model = try LoadedModel(
      at: FilePath(folder.modelCopy(changing: ["tokenizer_config.json": configuration])))
    let session = try CacheSession(model: model, storeAt: FilePath(folder.path("store")), threads: 1)
    let schema = try model.compile(schema: SourceFile(path: "schema.pml", text: Self.schema)).get()
    let warmed = try session.warm(schema, as: .f32)
    let prompt = SourceFile(path: "prompt.pml", text: "<prompt schema=\"s\"><m/> Why?</prompt>")
    let ready = try session.ready(try model.compile(prompt: prompt, of: schema).get(), of: warmed)
    let segment = try #require(ready.attended.last).segment
    var bytes: [UInt8] = []
    for (layer, blob) in segment.layout.blobs.enumerated() {
      var copy = [UInt8](repeating: 0, count: blob.byteCount)
      var span = copy.mutableSpan
      var destination = unsafe span.mutableBytes
      segment.copy(layer: layer, into: &destination)
      bytes += copy
    }
    return (ready.attended.count, bytes)
  }

  @Test func itsStatesAreThoseOfTheModelThatBeginsWithTheToken() throws {
    let begun = try states(#"{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": true}"#)
    let rested = try states(#"{"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": false}"#)
    #expect(begun.segments == 2 && rested.segments == 1, "the token is part of no prompt")
    #expect(rested.bytes == begun.bytes)
    let ended = try states(#"{"eos_token": "</s>", "add_bos_token": false}"#)
    let alone = try states(#"{"add_bos_token": false}"#)
    #expect(ended.bytes != begun.bytes && alone.bytes != begun.bytes && ended.bytes != alone.bytes)
  }
}
