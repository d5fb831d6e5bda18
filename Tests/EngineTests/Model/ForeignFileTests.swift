import Engine
import Failure
import FileSystem
import Foundation
import Glibc
import Testing

/// Files that are not what they seem get a message that says what they are.
@Suite struct ForeignFileTests {
  private static let pointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
    size 269060552

    """

  private func error(_ model: ModelDirectory) throws -> EngineError? {
    #expect(throws: EngineError.self) { try model.engine() }
  }

  private static let kinds: [(bytes: [UInt8], kind: ForeignFile)] = [
    ([], .empty), (Array(pointer.utf8), .largeFilePointer(byteCount: 269_060_552)),
    ([UInt8](repeating: 0, count: 4096), .zeros), (Array("\n<!DOCTYPE html>\n<html lang=\"en\">".utf8), .webPage),
    (Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>".utf8), .webPage),
    (Array("GGUF".utf8) + [3, 0, 0, 0], .gguf), ([0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5], .format("a gzip archive")),
    ([0x50, 0x4B, 3, 4] + Array(" archive/data.pkl".utf8), .pyTorchCheckpoint),
    ([0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46], .pyTorchCheckpoint),
    ([0x50, 0x4B, 3, 4] + Array(" a.txt".utf8), .format("a ZIP archive")),
  ]

  @Test(arguments: ["config.json", "model.safetensors", "model.safetensors.index.json", "generation_config.json"])
  func isNamedWhereverItIsRead(name: String) throws {
    for (bytes, kind) in Self.kinds {
      let model = try TinyModel().directory()
      if name == "model.safetensors.index.json" { try model.remove("model.safetensors") }
      try model.write(name, bytes)
      let found = try error(model)
      #expect(found == .foreignFile(name: name, kind))
      #expect(found?.remedies.isEmpty == false)
      #expect(found?.category == .input)
    }
  }

  @Test func aPointerSaysWhatItStandsFor() throws {
    let model = try TinyModel().directory()
    try model.write("model.safetensors", Self.pointer)
    let found = try error(model)
    #expect(
      found?.message == "`model.safetensors` is a Git LFS pointer, which stands for a file of 269060552 bytes")
    #expect(found?.remedies == [.fetchLargeFiles])
  }

  /// A header's length may spell any magic number.
  @Test func headersOfAnyLengthAreHeaders() throws {
    for length in [640, 0x1F8B, 0x8B1F, 0x4B50, 0x5542] {
      let model = try TinyModel().directory()
      var bytes = TinyModel().safetensors
      let header = Array(bytes[8..<8 + Int(bytes[0]) + Int(bytes[1]) << 8])
      try #require(header.last == UInt8(ascii: "}"))
      guard length >= header.count else { continue }
      let padded = header + [UInt8](repeating: 0x20, count: length - header.count)
      bytes.replaceSubrange(
        0..<8 + header.count, with: [UInt8(length & 255), UInt8(length >> 8), 0, 0, 0, 0, 0, 0] + padded)
      try model.write("model.safetensors", bytes)
      _ = try model.engine()
    }
  }

  @Test(arguments: [
    "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "tf_model.h5", "model.gguf", "adapter_model.safetensors",
  ])
  func otherWeightsAreNamed(name: String) throws {
    let model = try TinyModel().directory()
    try model.remove("model.safetensors")
    try model.write(name, "weights")
    #expect(try error(model) == .otherWeights(found: name, location: model.path))
  }

  @Test(arguments: [
    (#""quantization_config": {"quant_method": "gptq", "bits": 4}"#, "gptq"),
    (#""quantization_config": {"load_in_8bit": true, "quant_method": "bitsandbytes"}"#, "bitsandbytes"),
    (#""quantization": {"group_size": 64, "bits": 4}"#, "4 bits"),
    (
      #""compression_config": {"format": "pack-quantized", "quant_method": "compressed-tensors"}"#, "compressed-tensors"
    ),
  ])
  func quantizedCheckpointsAreNamed(line: String, method: String) throws {
    let model = try TinyModel().directory()
    try model.write("config.json", TinyModel().configText.dropLast() + ", \(line)}")
    let found = try error(model)
    #expect(found == .quantizedCheckpoint(method: method))
    #expect(found?.message == "the weights are quantised (`\(method)`)")
  }

  @Test(arguments: [
    #""quantization_config": null"#, #""quantization_config": {}"#,
    #""quantization_config": {"load_in_8bit": false, "load_in_4bit": false, "quant_method": "bitsandbytes"}"#,
  ])
  func plainCheckpointsAreTaken(line: String) throws {
    let model = try TinyModel().directory()
    try model.write("config.json", TinyModel().configText.dropLast() + ", \(line)}")
    _ = try model.engine()
  }

  @Test func quantizedTensorsAreNamed() throws {
    var tiny = TinyModel()
    let index = try #require(tiny.tensors.firstIndex { $0.name.hasSuffix("q_proj.weight") })
    tiny.tensors[index].name = "model.layers.0.self_attn.q_proj.qweight"
    #expect(
      try error(try tiny.directory()) == .quantizedCheckpoint(method: "model.layers.0.self_attn.q_proj.qweight"))
  }

  @Test func filesInThePlaceOfFoldersAreNamed() throws {
    let model = try TinyModel().directory()
    try model.write("x.gguf", Array("GGUF".utf8) + [3, 0, 0, 0])
    for (name, reason) in [
      ("x.gguf", "it is a GGUF model"), ("config.json", "it is a file"),
      ("model.safetensors", "it is a file of weights; name the folder that holds it"),
    ] {
      let path = model.path + "/" + name
      #expect(throws: EngineError.notAModelFolder(path: path, reason: reason)) { try ModelFolder(at: FilePath(path)) }
    }
  }

  @Test(arguments: [
    (["x.gguf"], "no `config.json` in it, but a GGUF model, `x.gguf`"),
    (["adapter_config.json"], "no `config.json` in it: it holds an adapter, not a model"),
    (["params.json"], "no `config.json` in it: it holds a checkpoint that was not converted to Hugging Face's format"),
  ])
  func foldersOfOtherKindsAreNamed(names: [String], reason: String) throws {
    let model = try ModelDirectory()
    for name in names { try model.write(name, "x") }
    #expect(throws: EngineError.notAModelFolder(path: model.path, reason: reason)) { try model.folder() }
  }

  @Test func aServersMessageIsShown() throws {
    let model = try TinyModel().directory()
    try model.write("config.json", "Entry not found")
    #expect(try error(model)?.message.contains("it begins with `Entry not found`") == true)
  }

  /// Values of files are printable and short in messages.
  @Test func valuesAreShownSafely() throws {
    let model = try TinyModel().directory()
    let value = "\\u001b]0;x\\u0007" + String(repeating: "y", count: 1 << 20)
    for key in ["hidden_act", "hidden_size", "rms_norm_eps"] {
      try model.write("config.json", TinyModel().configText.dropLast() + ", \"\(key)\": \"\(value)\"}")
      let message = try #require(try error(model)?.message)
      #expect(message.utf8.count < 300 && !message.contains("\u{1B}") && !message.contains("\u{7}"))
    }
  }
}

/// A file that changes after it was read is told from the one that was read.
@Suite struct FileChangeTests {
  /// Other contents, with the size and the time stamp of the old ones, in the same file.
  private func overwrite(_ path: String, with bytes: [UInt8]) throws {
    let status = try #require(try FileStatus(of: FilePath(path)))
    let file = try OpenFile(FilePath(path), .writing)
    try file.write(bytes, at: 0)
    let seconds = status.modificationTime / 1_000_000_000
    let times = [timespec(tv_sec: seconds, tv_nsec: status.modificationTime % 1_000_000_000)]
    #expect(unsafe (times + times).withUnsafeBufferPointer { unsafe futimens(file.descriptor, $0.baseAddress) } == 0)
    #expect(try file.status().modificationTime == status.modificationTime)
    #expect(try file.status().identity == status.identity)
  }

  private var otherWeights: [UInt8] {
    var tiny = TinyModel()
    tiny.change = { _, numbers, _ in numbers.map { $0 + 1 } }
    return tiny.safetensors
  }

  @Test func timeStampsThatWereSetBackDoNotHideIt() throws {
    let model = try TinyModel().directory()
    let path = model.path + "/model.safetensors"
    let first = try #require(try FileBytes(mapping: FilePath(path)).identity)
    #expect(first.isCurrent)
    try overwrite(path, with: otherWeights)
    #expect(!first.isCurrent)
    #expect(try FileBytes(mapping: FilePath(path)).identity != first)
  }

  @Test func aFolderNoticesWhatChangedAfterItWasRead() throws {
    let model = try TinyModel().directory()
    let folder = try model.folder()
    let engine = try InferenceEngine(files: folder, threads: 1)
    try folder.checkUnchanged()
    try overwrite(model.path + "/model.safetensors", with: otherWeights)
    #expect(throws: EngineError.self) { try folder.checkUnchanged() }
    // The fingerprint would be another model's.
    let error = #expect(throws: EngineError.self) { try ModelFingerprint.compute(files: folder) }
    #expect(error?.category == .busy)
    withExtendedLifetime(engine) {}
  }
}
