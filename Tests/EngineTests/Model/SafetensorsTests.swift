import Engine
import Testing

/// One test for each way in which weight files can be wrong.
@Suite struct SafetensorsTests {
  private func openError(_ bytes: [UInt8]) throws -> EngineError? {
    let model = try TinyModel().directory()
    try model.write("model.safetensors", bytes)
    return #expect(throws: EngineError.self) { try model.engine() }
  }

  @Test func theTinyModelOpens() throws {
    let engine = try TinyModel().directory().engine()
    let logits = try engine.forward(tokens: [1, 2], positions: [0, 1], sequence: SequenceState(), logits: .last)
    #expect(logits.rows == 1 && logits[0].count == 10 && logits[0][3].isFinite)
  }

  @Test func everyTruncationIsNoticed() throws {
    let whole = TinyModel().safetensors
    for count in [7, 8, 100, whole.count - 1] {
      guard
        case .truncatedWeights("model.safetensors", let expected, count)? = try openError(Array(whole.prefix(count)))
      else {
        Issue.record("\(count) bytes were not called truncated")
        continue
      }
      #expect(expected > count)
    }
  }

  @Test(arguments: [
    (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}"#, "of shape [2] and type `F32` takes 4 bytes"),
    (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}"#, "has the offsets [4, 0]"),
    (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}"#, "has the offsets [-4, 0]"),
    (
      #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [9223372036854775804, 9223372036854775807]}}"#,
      "has the offsets"
    ),
    (#"{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}"#, "has the shape [-1]"),
    (
      #"{"a": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 4]}}"#,
      "has the shape [4294967296, 4294967296]"
    ),
    (#"{"a": {"dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 4]}}"#, "takes 4 bytes"),
    (#"{"a": {"shape": [1], "data_offsets": [0, 4]}}"#, "lacks `dtype`"),
    (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}"#, "lacks"),
    (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#, "do not follow"),
    (
      #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#,
      "do not follow"
    ),
    (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#, "4 bytes at its end belong to no tensor"),
    (#"[1, 2]"#, "no table of tensors in JSON: `[` where an object should be, at byte 0"),
    (#"{"a": "#, "no table of tensors"), (#"{"a": {"shape": "#, "no table"), (#"{"__metadata__": {"x"}}"#, "no table"),
    (#"{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}"#, "not a 64-bit integer, at byte 33"),
  ])
  func contradictionsAreMalformed(header: String, reason: String) throws {
    let error = try openError(TinyModel.file(header: header, data: [1, 2]))
    guard case .malformedWeights("model.safetensors", let found)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found.contains(reason))
  }

  @Test func aHugeHeaderIsRefusedBeforeItIsRead() throws {
    let error = try openError([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F] + Array(repeating: 0x20, count: 64))
    guard case .malformedWeights? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func everySingleByteOfTheHeaderMayBeWrong() throws {
    // Whatever a flipped byte does, it gives an error or a model, never a trap.
    let whole = TinyModel().safetensors
    let model = try TinyModel().directory()
    var refused = 0
    for index in stride(from: 0, to: 900, by: 7) {
      var bytes = whole
      bytes[index] ^= 0x15
      try model.write("model.safetensors", bytes)
      do {
        _ = try model.engine(threads: 1)
      } catch is EngineError {
        refused += 1
      }
    }
    #expect(refused > 100)
  }

  @Test func aMissingTensorIsNamed() throws {
    var tiny = TinyModel()
    tiny.tensors.removeAll { $0.name == "model.layers.0.mlp.up_proj.weight" }
    let model = try tiny.directory()
    #expect(
      throws: EngineError.missingTensor(name: "model.layers.0.mlp.up_proj.weight", location: model.path)
    ) { try model.engine() }
  }

  @Test func aWrongShapeIsNamedWithBoth() throws {
    var tiny = TinyModel()
    tiny.config["intermediate_size"] = "16"
    #expect(
      throws: EngineError.wrongShape(
        tensor: "model.layers.0.mlp.gate_proj.weight", expected: [16, 8], found: [12, 8])
    ) { try tiny.directory().engine() }
  }

  @Test func anotherTypeIsNamed() throws {
    var tiny = TinyModel()
    tiny.tensors[4].type = "I32"
    #expect(
      throws: EngineError.unsupportedElement(
        tensor: "model.layers.0.self_attn.q_proj.weight", found: "I32", supported: ["F32", "F16", "BF16"])
    ) { try tiny.directory().engine() }
  }

  @Test func shardsMustAllBeThere() throws {
    let model = try TinyModel().directory()
    try model.remove("model.safetensors")
    #expect(throws: EngineError.missingFile(name: "model.safetensors", location: model.path)) {
      try model.engine()
    }
    try model.write(
      "model.safetensors.index.json", #"{"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}"#)
    #expect(throws: EngineError.missingFile(name: "model-00001-of-00002.safetensors", location: model.path)) {
      try model.engine()
    }
    try model.write("model.safetensors.index.json", #"{"weight_map": {"model.norm.weight": "../elsewhere"}}"#)
    #expect(throws: EngineError.missingFile(name: "../elsewhere", location: model.path)) { try model.engine() }
    try model.write("model.safetensors.index.json", #"{"weight_map": {"model.norm.weight": 3}}"#)
    #expect(throws: EngineError.self) { try model.engine() }
    try model.write("model.safetensors.index.json", "{}")
    #expect(throws: EngineError.self) { try model.engine() }
  }

  @Test func weightsMayLieInTheProgram() throws {
    struct Linked: ModelFiles {
      let contents: [String: FileBytes]
      var names: [String] { contents.keys.sorted() }
      var location: String { "the program" }
      func file(_ name: String) throws(EngineError) -> FileBytes? { contents[name] }
    }
    let tiny = TinyModel()
    let (config, weights) = (Array(tiny.configText.utf8), tiny.safetensors)
    // One byte off, as the linker may place it.
    let shifted = UnsafeMutableRawBufferPointer.allocate(byteCount: weights.count + 1, alignment: 16)
    let text = UnsafeMutableRawBufferPointer.allocate(byteCount: config.count, alignment: 1)
    unsafe shifted[1...].copyBytes(from: weights)
    unsafe text.copyBytes(from: config)
    let linked = Linked(contents: [
      "config.json": unsafe FileBytes(staticMemory: UnsafeRawBufferPointer(text)),
      "model.safetensors": unsafe FileBytes(staticMemory: UnsafeRawBufferPointer(rebasing: shifted[1...])),
    ])
    let engine = try InferenceEngine(files: linked, threads: 1)
    let mapped = try tiny.directory().engine(threads: 1)
    let found = try engine.forward(tokens: [4, 5, 6], positions: [0, 1, 2], sequence: SequenceState(), logits: .all)
    let same = try mapped.forward(tokens: [4, 5, 6], positions: [0, 1, 2], sequence: SequenceState(), logits: .all)
    for row in 0..<3 { #expect(found.row(row) == same.row(row)) }
  }
}
