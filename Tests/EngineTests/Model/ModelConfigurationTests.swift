import Engine
import Failure
import FileSystem
import Glibc
import KVCacheFormat
import Testing

@Suite struct ModelConfigurationTests {
  private func configuration(_ changes: [String: String?]) throws -> ModelConfiguration {
    var tiny = TinyModel()
    for (key, value) in changes { tiny.config[key] = value }
    let model = try tiny.directory()
    return try withExtendedLifetime(model) { try ModelConfiguration(files: try model.folder()) }
  }

  private func error(_ changes: [String: String?]) throws -> EngineError? {
    #expect(throws: EngineError.self) { try configuration(changes) }
  }

  @Test func whatDecidesSizesIsResolved() throws {
    let found = try configuration([:])
    #expect(found.architecture == "LlamaForCausalLM")
    #expect(found.vocabularySize == 10 && found.contextLength == 64)
    #expect(found.kvShape == KVShape(layers: 1, heads: 1, headDimension: 4))
    #expect(try configuration(["num_key_value_heads": nil]).kvShape.heads == 2)
    #expect(try configuration(["num_key_value_heads": "null", "head_dim": "6"]).kvShape.headDimension == 6)
  }

  @Test func windowsAreOfLayers() throws {
    let mistral: [String: String?] = ["architectures": #"["MistralForCausalLM"]"#]
    func windows(_ window: String?) throws -> [Int?] {
      try configuration(mistral.merging(["sliding_window": window]) { $1 }).kvLayers.windows
    }
    #expect(try windows("3") == [3] && windows("2147483647") == [2_147_483_647])
    #expect(try windows("null") == [nil] && windows("0") == [nil] && windows(nil) == [4096])
    #expect(try configuration(["sliding_window": "3"]).kvLayers == KVLayers(shape: configuration([:]).kvShape))
    for window in ["2147483648", "99999999999999999999", "-1", "1.5"] {
      guard case .malformedConfiguration? = try error(mistral.merging(["sliding_window": window]) { $1 }) else {
        Issue.record("a window of \(window)")
        continue
      }
    }
  }

  @Test func endOfSequenceComesFromTheGenerationConfigFirst() throws {
    let model = try TinyModel().directory()
    #expect(try ModelConfiguration(files: try model.folder()).eosTokenIDs == [2])
    try model.write("generation_config.json", #"{"max_new_tokens": 3}"#)
    #expect(try ModelConfiguration(files: try model.folder()).eosTokenIDs == [2])
    try model.write("generation_config.json", #"{"eos_token_id": [7, 9]}"#)
    #expect(try ModelConfiguration(files: try model.folder()).eosTokenIDs == [7, 9])
    #expect(try configuration(["eos_token_id": nil]).eosTokenIDs == nil)
    #expect(try configuration(["eos_token_id": "null"]).eosTokenIDs == nil)
  }

  @Test func otherArchitecturesAreRefusedByName() throws {
    let found = try error(["architectures": #"["GPT2LMHeadModel"]"#])
    #expect(
      found
        == .unsupportedArchitecture(
          names: ["GPT2LMHeadModel"], supported: ModelConfiguration.supportedArchitectures))
    #expect(
      found?.description.hasPrefix(
        "unsupported architecture `GPT2LMHeadModel`; supported: `LlamaForCausalLM`, `MistralForCausalLM`, ") == true)
    #expect(try error(["architectures": nil])?.message == "`config.json` names no architecture")
  }

  @Test(arguments: [
    ("Qwen3MoeForCausalLM", "is a mixture of experts, which is not supported"),
    ("MixtralForCausalLM", "is a mixture of experts, which is not supported"),
    ("Qwen3NextForCausalLM", "has linear-attention layers, whose state"),
    ("GraniteMoeHybridForCausalLM", "has state-space layers, whose state"),
    ("Lfm2ForCausalLM", "has short-convolution layers, whose state"),
    ("Rwkv6ForCausalLM", "has linear-attention layers, whose state"),
    ("Mamba2ForCausalLM", "has state-space layers, whose state"),
  ])
  func refusalsSayWhy(architecture: String, reason: String) throws {
    let found = try error(["architectures": "[\"\(architecture)\"]"])
    #expect(found?.message.hasPrefix("`\(architecture)` \(reason)") == true)
    #expect(found?.remedies == [.chooseSupported(ModelConfiguration.supportedArchitectures)])
  }

  @Test func layersThatFoldAreRefusedByTheirType() throws {
    let found = try error([
      "architectures": #"["SomeForCausalLM"]"#, "layer_types": #"["full_attention", "linear_attention"]"#,
    ])
    #expect(
      found?.message
        == "`SomeForCausalLM` has linear-attention layers, whose state is a fold over all that came before: "
        + "modules cannot be reused apart")
  }

  @Test func otherRotaryTypesAreRefusedByName() throws {
    for key in ["rope_scaling", "rope_parameters"] {
      let found = try error([key: #"{"rope_type": "other", "factor": 2.0}"#])
      #expect(
        found
          == .unsupportedOption(
            key: "rope_type", value: "other",
            supported: ["default", "linear", "dynamic", "llama3", "yarn", "longrope"]))
    }
    #expect(
      try error(["rope_scaling": #"{"type": "linear"}"#])?.message
        == "`config.json` is malformed: the rotary scaling lacks `factor`")
    #expect(
      try error(["rope_scaling": #"{"type": "linear", "factor": 0}"#])?.message
        == "`config.json` is malformed: `factor` is 0.0, not above 0")
    #expect(try error(["rope_theta": "1"]) != nil)
  }

  @Test(
    arguments: [
      (["hidden_size": "null"], "`hidden_size` is `null`, not a whole number above 0"),
      (["hidden_size": "\"8\""], "`hidden_size` is `8`, not a whole number above 0"),
      (["num_hidden_layers": "0"], "`num_hidden_layers` is `0`, not a whole number above 0"),
      (["vocab_size": "99999999999"], "`vocab_size` is 99999999999, more than 1048576"),
      (["num_key_value_heads": "3"], "2 query heads cannot share 3 key-value heads evenly"),
      (["tie_word_embeddings": "1.5"], "`tie_word_embeddings` is `1.5`, not true or false"),
      (["eos_token_id": "[2, -1]"], "`eos_token_id` is `[2, -1]`, not a token ID or a list of them"),
      (["max_position_embeddings": "9999999999"], "`max_position_embeddings` is 9999999999, more than 2147483647"),
      (["rms_norm_eps": "\"x\""], "`rms_norm_eps` is `x`, not a finite number"),
    ] as [([String: String?], String)])
  func whatIsWrongIsNamed(changes: [String: String?], reason: String) throws {
    #expect(try error(changes)?.message == "`config.json` is malformed: \(reason)")
  }

  @Test(
    arguments: [
      (["hidden_act": "\"quick_gelu\""], "unsupported `hidden_act` `quick_gelu` in `config.json`"),
      (["head_dim": "5"], "unsupported `head_dim` `5` in `config.json`"),
      (["head_dim": "512"], "unsupported `head_dim` `512` in `config.json`"),
      (["partial_rotary_factor": "0.5"], "unsupported `partial_rotary_factor` `0.5` in `config.json`"),
    ] as [([String: String?], String)])
  func whatIsNotComputedIsNamed(changes: [String: String?], message: String) throws {
    #expect(try error(changes)?.message == message)
  }

  @Test(arguments: [
    (#""attn_config": {"alibi": false}"#, "alibi"), (#""attn_config": {"qk_ln": true}"#, "qk_ln"),
    (#""attn_config": {"attn_type": "multiquery_attention"}"#, "attn_type"), (#""no_bias": false"#, "no_bias"),
    (#""logit_scale": "inv_sqrt_d_model""#, "logit_scale"),
  ])
  func variantsOfMPTThatNobodyComputesAreRefused(line: String, key: String) throws {
    let model = try ModelDirectory()
    try model.write(
      "config.json",
      """
      {"architectures": ["MptForCausalLM"], "vocab_size": 8, "d_model": 8, "n_heads": 2, "n_layers": 1, \(line)}
      """)
    let found = #expect(throws: EngineError.self) { try ModelConfiguration(files: try model.folder()) }
    guard case .unsupportedOption(key, _, _)? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test func filesThatAreNoConfigurationAreRefused() throws {
    let model = try TinyModel().directory()
    for text in ["[]", "{", "nul", "\u{FEFF}\u{0}", String(repeating: "[", count: 100_000)] {
      try model.write("config.json", text)
      let found = #expect(throws: EngineError.self) { try ModelConfiguration(files: try model.folder()) }
      guard case .malformedConfiguration("config.json", _)? = found else {
        Issue.record("\(text.prefix(5)): \(String(describing: found))")
        continue
      }
    }
    try model.write("config.json", #"{"a" 1}"#)
    #expect(
      throws: EngineError.malformedConfiguration(
        file: "config.json", reason: "it is not JSON: `1` where `:` should be, at byte 5")
    ) { try ModelConfiguration(files: try model.folder()) }
  }

  @Test(.timeLimit(.minutes(20))) func aPipeIsNoFile() throws {
    let model = try TinyModel().directory()
    try model.remove("config.json")
    #expect(unsafe mkfifo(model.path + "/config.json", 0o600) == 0)
    let path = model.path + "/config.json"
    #expect(throws: EngineError.foreignFile(name: path, .special(.pipe))) {
      try ModelConfiguration(files: try model.folder())
    }
  }

  @Test func foldersThatAreNoModelsAreRefused() throws {
    let empty = try ModelDirectory()
    #expect(
      throws: EngineError.notAModelFolder(path: empty.path, reason: "no `config.json` in it")
    ) { try empty.folder() }
    let missing = empty.path + "/nowhere"
    #expect(throws: EngineError.notAModelFolder(path: missing, reason: "there is no such file")) {
      try ModelFolder(at: FilePath(missing))
    }
    try empty.write("config.json", "{}")
    #expect(throws: EngineError.self) { try ModelFolder(at: FilePath(empty.path + "/config.json")) }
  }
}
