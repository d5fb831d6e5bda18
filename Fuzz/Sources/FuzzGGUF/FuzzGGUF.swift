import CLibFuzzer
import Engine
import FuzzBounds
import PMLCompiler
import PromptCache

/// What libFuzzer calls for each input that it comes up with.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  FuzzGGUF.open(UnsafeBufferPointer(start: data, count: size))
  return 0
}

/// What libFuzzer calls to make an input of another.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ mostBytes: Int, _ seed: UInt32) -> Int {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  var random = SeededRandom(seed: UInt64(seed))
  guard let file = GGUFFile(bytes), Int.random(in: 0..<8, using: &random) > 0 else {
    return LLVMFuzzerMutate(data, size, mostBytes)
  }
  var mutation = Mutation(file: file, random: random)
  return copy(mutation.mutated(), to: data, atMost: mostBytes)
}

/// What libFuzzer calls to make an input of two others.
@_cdecl("LLVMFuzzerCustomCrossOver")
public func cross(
  _ first: UnsafePointer<UInt8>, _ firstSize: Int, _ second: UnsafePointer<UInt8>, _ secondSize: Int,
  _ result: UnsafeMutablePointer<UInt8>, _ mostBytes: Int, _ seed: UInt32
) -> Int {
  let files = [
    GGUFFile(Array(UnsafeBufferPointer(start: first, count: firstSize))),
    GGUFFile(Array(UnsafeBufferPointer(start: second, count: secondSize))),
  ]
  guard var file = files[0], let other = files[1] else { return 0 }
  var random = SeededRandom(seed: UInt64(seed))
  file.takeOver(other, using: &random)
  return copy(file.bytes, to: result, atMost: mostBytes)
}

private func copy(_ bytes: [UInt8], to memory: UnsafeMutablePointer<UInt8>, atMost limit: Int) -> Int {
  let count = min(bytes.count, limit)
  _ = UnsafeMutableBufferPointer(start: memory, count: count).update(fromContentsOf: bytes.prefix(count))
  return count
}

/// Opens an input as a model in a GGUF file, up to the weights, and holds what reads it to its promises.
enum FuzzGGUF {
  /// Zeros that follow each input, so that weights can lie in the file without the input being long.
  private static let room = 1 << 20
  private static let longest = 1 << 20
  nonisolated(unsafe) private static let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: longest + room, alignment: 4096)
  nonisolated(unsafe) private static var used = longest + room

  static func open(_ input: UnsafeBufferPointer<UInt8>) {
    guard input.count <= longest else { return }
    if used > input.count { memory[input.count..<used].initializeMemory(as: UInt8.self, repeating: 0) }
    memory.copyBytes(from: input)
    used = input.count
    let file = UnsafeRawBufferPointer(rebasing: memory[..<(input.count + room)])
    Bounds.hold { open(FileBytes(staticMemory: file)) }
  }

  private static func open(_ file: FileBytes) {
    let model: GGUFModel
    do {
      model = try GGUFModel(file, named: "fuzz.gguf")
    } catch {
      return check(error.message)
    }
    let tensors = model.header.tensors.values.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
    for tensor in tensors {
      Bounds.require(tensor.bytes.lowerBound >= 0 && tensor.bytes.upperBound <= file.count, "beyond the end")
    }
    for (tensor, next) in zip(tensors, tensors.dropFirst()) {
      Bounds.require(tensor.bytes.upperBound <= next.bytes.lowerBound, "two tensors share bytes")
    }
    do {
      try InferenceEngine.check(model)
    } catch {
      check(error.message)
    }
    do {
      use(try LoadedModel(files: model))
    } catch {
      check(error.message)
    }
  }

  /// Uses all that a model is before its weights are read.
  private static func use(_ model: LoadedModel) {
    let tokens = model.tokenizer.tokens(of: text) + model.tokenizer.tokens(ofTemplate: model.template.user.prefix)
    for token in tokens { _ = model.tokenizer.spelling(of: token) }
    _ = model.endTokens
    for format in model.stateFormats { _ = format.byteCount(model.configuration.contextLength) }
  }

  private static func check(_ message: String) {
    Bounds.requirePrintable(message)
  }

  private static let text = "The ▁café's 1234 <s>end</s> of\r\n\t世界 🦊\u{301}, isn't it?"
}
