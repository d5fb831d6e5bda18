import Foundation
import Testing

import Engine

/// `config.json` is read as `transformers` reads it, family by family and field by field.
@Suite struct ConfigurationGoldenTests {
  /// An entry of `Fixtures/configurations.json`, made by `tools/engine/make_configurations.py`.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Rotary: Decodable {
      let radians: [Float]
      let amplitude: Float
    }

    struct Scales: Decodable {
      let embedding, residual, logits: Float
      let attentionCap, logitCap: Float?
    }

    struct Resolved: Decodable {
      let vocabulary, hidden, heads, layers, intermediate, keyValueHeads, head, context: Int
      let epsilon, scale: Float
      let bound: Float?
      let isTied: Bool
      let activation: String
      let windows: [Int?]
      let eos: [Int32]?
      let rotary: [Rotary]
      let rotations: [Int?]
      let scales: Scales
    }

    let name: String
    let config: String
    /// `nil` for what `transformers` refuses.
    let resolved: Resolved?

    var testDescription: String { name }
  }

  private static let cases: [Case] = {
    let file = fixtures.appending(path: "configurations.json")
    do {
      return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    } catch {
      Issue.record("cannot read \(file.path): \(error)")
      return []
    }
  }()

  private func configuration(_ text: String) throws -> ModelConfiguration {
    let model = try ModelDirectory()
    try model.write("config.json", text)
    return try ModelConfiguration(files: try model.folder())
  }

  @Test func thereAreCases() { #expect(Self.cases.count > 1000) }

  @Test(arguments: cases)
  func readsAsTransformersDoes(_ entry: Case) throws {
    guard let golden = entry.resolved else {
      #expect(throws: EngineError.self) { try configuration(entry.config) }
      return
    }
    let found = try configuration(entry.config)
    let decoder = found.decoder
    #expect(found.vocabularySize == golden.vocabulary)
    #expect(found.eosTokenIDs == golden.eos)
    #expect(decoder.hiddenSize == golden.hidden)
    #expect(decoder.queryHeads == golden.heads)
    #expect(decoder.layers.count == golden.layers)
    #expect(decoder.intermediateSize == golden.intermediate)
    #expect(decoder.keyValueHeads == golden.keyValueHeads)
    #expect(decoder.headDimension == golden.head)
    #expect(decoder.epsilon == golden.epsilon)
    #expect(abs(decoder.attentionScale - golden.scale) <= golden.scale * 1e-6)
    #expect(decoder.projectionBound == golden.bound)
    let layers = zip(golden.windows, golden.rotations).map { DecoderDescription.Layer(window: $0, rotation: $1) }
    #expect(decoder.layers == layers)
    let scales = decoder.scales
    #expect(abs(scales.embedding - golden.scales.embedding) <= golden.scales.embedding * 1e-6)
    #expect(scales.residual == golden.scales.residual)
    #expect(scales.logits == golden.scales.logits)
    #expect(scales.attentionCap == golden.scales.attentionCap)
    #expect(scales.logitCap == golden.scales.logitCap)
    #expect(try decoder.activation == Activation(named: golden.activation, key: "hidden_act"))
    #expect((decoder.names.output == nil) == golden.isTied)
    // YaRN's context is a rule of this program: see below.
    if !entry.name.contains("yarn") { #expect(found.contextLength == golden.context) }
    guard case .rotary(let sets) = decoder.positions else {
      #expect(golden.rotary.isEmpty)
      return
    }
    #expect(sets.count == golden.rotary.count)
    for (frequencies, rotary) in zip(sets, golden.rotary) {
      #expect(abs(frequencies.amplitude - rotary.amplitude) <= 1e-6)
      #expect(frequencies.radians.count == rotary.radians.count)
      for (one, other) in zip(frequencies.radians, rotary.radians) { #expect(abs(one - other) <= other * 1e-6) }
    }
  }

  /// The length that a model with YaRN takes, where `max_position_embeddings` was raised, left alone, or left out.
  @Test(arguments: [
    (#""max_position_embeddings": 4096"#, 4096), (#""max_position_embeddings": 512"#, 2048), (#""x": 0"#, 2048),
    (#""max_position_embeddings": 1024"#, 1024),
  ])
  func yarnStretchesTheContext(line: String, length: Int) throws {
    let found = try configuration(
      """
      {"model_type": "qwen2", \(line),
       "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512}}
      """)
    #expect(found.contextLength == length)
  }

  @Test(arguments: [
    (#""architectures": ["MPTForCausalLM"], "model_type": "mpt""#, "MptForCausalLM"),
    (#""architectures": null, "model_type": "llama""#, "LlamaForCausalLM"),
    (#""architectures": [], "model_type": "mistral""#, "MistralForCausalLM"),
    (#""model_type": "falcon", "num_attention_heads": 71"#, "FalconForCausalLM"),
    (#""architectures": ["LLaMAForCausalLM"], "model_type": "llama""#, "LlamaForCausalLM"),
  ])
  func theFamilyIsKnownByItsType(line: String, name: String) throws {
    #expect(try configuration("{\(line)}").architecture == name)
  }

  @Test(arguments: [
    #"{"model_type": "gpt2"}"#, #"{"architectures": ["GPT2LMHeadModel"], "model_type": "llama"}"#,
    #"{"architectures": ["OPTForCausalLM"], "model_type": "opt"}"#,
  ])
  func otherFamiliesAreRefusedByName(text: String) throws {
    let error = #expect(throws: EngineError.self) { try configuration(text) }
    guard case .unsupportedArchitecture(let names, _)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(names.count == 1)
  }
}
