import CLibFuzzer

/// Changes a GGUF file where files can be wrong: numbers at the edges of their range, lists that are longer or shorter than
/// they say, values of another kind, tensors elsewhere or of another shape.
struct Mutation {
  private var file: GGUFFile
  private var random: SeededRandom

  init(file: GGUFFile, random: SeededRandom) {
    self.file = file
    self.random = random
  }

  /// The file with one to four changes.
  mutating func mutated() -> [UInt8] {
    for _ in 0..<number(1...4) {
      switch number(0...9) {
      case 0...2: changeValue()
      case 3: changeKeys()
      case 4: changeList()
      case 5...7: changeTensor()
      case 8: changeTensors()
      default: lie()
      }
    }
    return file.bytes
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  private mutating func isOneIn(_ count: Int) -> Bool { number(1...count) == 1 }

  private mutating func index(_ items: some Collection) -> Int? { items.isEmpty ? nil : number(0...items.count - 1) }

  /// A number at an edge, near `old`, or a small one.
  private mutating func edge(near old: UInt64 = 0) -> UInt64 {
    switch number(0...5) {
    case 0: return old &+ 1
    case 1: return old &- 1
    case 2: return old << UInt64(number(1...8))
    case 3: return old >> UInt64(number(1...8))
    case 4: return UInt64(number(0...300))
    default: return (1 << UInt64(number(0...63))) &- UInt64(number(0...1))
    }
  }

  private static func value(_ bytes: [UInt8]) -> UInt64 {
    bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func changed(_ text: [UInt8]) -> [UInt8] {
    var bytes = text + [UInt8](repeating: 0, count: 64)
    let limit = bytes.count
    let count = bytes.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { LLVMFuzzerMutate($0, text.count, limit) } ?? 0
    }
    return Array(bytes.prefix(count))
  }

  private mutating func changeValue() {
    guard let index = index(file.values) else { return addKey() }
    if isOneIn(8) {
      // Another kind of value, with or without the bytes for it.
      let type = UInt32(number(0...13))
      file.values[index].type = type
      guard isOneIn(2) else { return }
      switch GGUFFile.width(type) {
      case let width?: file.values[index].content = .scalar(Array(GGUFFile.bytes(edge()).prefix(width)))
      case nil where type == GGUFFile.text: file.values[index].content = .text(text(), announced: nil)
      case nil: file.values[index].content = list()
      }
      return
    }
    switch file.values[index].content {
    case .scalar(let bytes):
      let width = bytes.count
      file.values[index].content = .scalar(Array(GGUFFile.bytes(edge(near: Self.value(bytes))).prefix(width)))
    case .text(let bytes, _):
      file.values[index].content = .text(isOneIn(3) ? text() : changed(bytes), announced: nil)
    case .list: changeList()
    }
  }

  /// A list of any element, other lists included.
  private mutating func list() -> GGUFFile.Content {
    let element = UInt32(number(0...13))
    let count = number(0...40)
    let width = GGUFFile.width(element) ?? 0
    let items = (0..<count).map { _ in
      element == GGUFFile.text
        ? text()
        : element == GGUFFile.list
          ? GGUFFile.bytes(UInt32(number(0...9))) + GGUFFile.bytes(edge())
          : Array(GGUFFile.bytes(edge()).prefix(width))
    }
    return .list(element: element, items: items, announced: nil)
  }

  private mutating func changeList() {
    let lists = file.values.indices.filter { if case .list = file.values[$0].content { true } else { false } }
    guard let place = index(lists), case .list(let element, var items, _) = file.values[lists[place]].content else {
      return addKey()
    }
    switch number(0...4) {
    case 0: items = Array(items.prefix(number(0...items.count)))
    case 1 where items.count < 2000: items += items.prefix(number(0...items.count))
    case 2:
      if let from = index(items), let to = index(items) { items.swapAt(from, to) }
    case 3:
      if let from = index(items), let to = index(items) { items[to] = items[from] }
    default:
      guard let item = index(items) else { break }
      items[item] =
        element == GGUFFile.text
        ? changed(items[item]) : Array(GGUFFile.bytes(edge(near: Self.value(items[item]))).prefix(items[item].count))
    }
    file.values[lists[place]].content = .list(element: element, items: items, announced: nil)
  }

  private mutating func changeKeys() {
    guard let one = index(file.values), let other = index(file.values) else { return addKey() }
    switch number(0...5) {
    case 0: file.values.remove(at: one)
    case 1: file.values.swapAt(one, other)
    case 2: file.values[one].content = file.values[other].content
    case 3: file.values[one].name = key()
    case 4: file.values[one].name = changed(file.values[one].name)
    default: addKey()
    }
  }

  private mutating func addKey() {
    let (name, isText) = (key(), isOneIn(2))
    let type: UInt32 = isText ? GGUFFile.text : [4, 5, 6, 10, 11, 12, 7][number(0...6)]
    let content: GGUFFile.Content =
      isText
      ? .text(text(), announced: nil) : .scalar(Array(GGUFFile.bytes(edge()).prefix(GGUFFile.width(type) ?? 4)))
    file.values.append(GGUFFile.Value(name: name, type: type, content: content))
  }

  private mutating func changeTensor() {
    guard let index = index(file.tensors) else { return changeTensors() }
    switch number(0...6) {
    case 0...2:
      guard let side = self.index(file.tensors[index].sides) else { return }
      file.tensors[index].sides[side] = edge(near: file.tensors[index].sides[side])
    case 3:
      if isOneIn(2) { file.tensors[index].sides.append(edge()) } else { file.tensors[index].sides.reverse() }
    case 4: file.tensors[index].type = isOneIn(2) ? UInt32(number(0...40)) : [0, 1, 2, 8, 12, 14, 30][number(0...6)]
    case 5:
      file.tensors[index].offset = isOneIn(2) ? edge(near: file.tensors[index].offset) : UInt64(number(0...64)) * 32
    default: file.tensors[index].name = isOneIn(3) ? changed(file.tensors[index].name) : tensorName()
    }
  }

  private mutating func changeTensors() {
    guard let one = index(file.tensors), let other = index(file.tensors) else {
      file.tensors.append(GGUFFile.Tensor(name: tensorName(), sides: [32, edge()], type: 0, offset: 0))
      return
    }
    switch number(0...4) {
    case 0: file.tensors.remove(at: one)
    case 1: file.tensors.swapAt(one, other)
    case 2: file.tensors[one].offset = file.tensors[other].offset
    case 3: file.data = Array(file.data.prefix(number(0...file.data.count)))
    default:
      var tensor = file.tensors[one]
      tensor.name = tensorName()
      file.tensors.append(tensor)
    }
  }

  /// Announces more or less than there is.
  private mutating func lie() {
    switch number(0...5) {
    case 0: file.tensorCount = edge(near: UInt64(file.tensors.count))
    case 1: file.valueCount = edge(near: UInt64(file.values.count))
    case 2: file.version = UInt32(truncatingIfNeeded: edge(near: 3))
    case 3:
      if let index = index(file.tensors) { file.tensors[index].rank = UInt32(truncatingIfNeeded: edge(near: 2)) }
    default:
      guard let index = index(file.values) else { return }
      switch file.values[index].content {
      case .text(let text, _): file.values[index].content = .text(text, announced: edge(near: UInt64(text.count)))
      case .list(let element, let items, _):
        file.values[index].content = .list(
          element: element, items: items, announced: edge(near: UInt64(items.count)))
      case .scalar: break
      }
    }
  }

  private var architecture: String {
    for value in file.values where value.name == Array("general.architecture".utf8) {
      if case .text(let text, _) = value.content { return String(decoding: text, as: UTF8.self) }
    }
    return "llama"
  }

  private mutating func key() -> [UInt8] {
    let name = Self.keys[number(0...Self.keys.count - 1)]
    return Array(
      (name.contains("general.") || name.contains("tokenizer.") || name.hasPrefix("split.")
        ? name : "\(architecture).\(name)").utf8)
  }

  private mutating func text() -> [UInt8] { Array(Self.texts[number(0...Self.texts.count - 1)].utf8) }

  private mutating func tensorName() -> [UInt8] {
    let name = Self.tensorNames[number(0...Self.tensorNames.count - 1)]
    return Array((isOneIn(3) ? name : "blk.\(number(0...3)).\(name)").utf8)
  }

  private static let keys = [
    "general.architecture", "general.alignment", "general.name", "split.count", "split.no", "split.tensors.count",
    "embedding_length", "block_count", "feed_forward_length", "attention.head_count", "attention.head_count_kv",
    "attention.key_length", "attention.value_length", "attention.layer_norm_rms_epsilon",
    "attention.layer_norm_epsilon",
    "context_length", "rope.freq_base", "rope.freq_base_swa", "rope.dimension_count", "attention.sliding_window",
    "attention.sliding_window_pattern", "embedding_scale", "residual_scale", "attention.scale", "logit_scale",
    "attn_logit_softcapping", "final_logit_softcapping", "attention.clamp_kqv", "attention.max_alibi_bias",
    "expert_count", "vocab_size", "rope.scaling.type", "rope.scaling.factor", "rope.scaling.attn_factor",
    "rope.scaling.original_context_length", "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow",
    "rope.scale_linear", "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.tokens",
    "tokenizer.ggml.token_type", "tokenizer.ggml.scores", "tokenizer.ggml.merges", "tokenizer.ggml.bos_token_id",
    "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id",
    "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.padding_token_id", "tokenizer.ggml.add_bos_token",
    "tokenizer.ggml.add_eos_token", "tokenizer.ggml.add_space_prefix", "tokenizer.chat_template",
  ]

  private static let texts = [
    "llama", "qwen2", "qwen3", "smollm3", "granite", "phi3", "gemma2", "gemma3", "falcon", "mpt", "gpt2", "bert",
    "llama-bpe", "smollm", "gpt-2", "qwen2", "gpt-4o", "tekken", "default", "linear", "yarn", "longrope", "llama3",
    "none",
    "", "\u{1B}[2J\u{7}", "\u{202E}x", "a b", " ", "<s>", "▁", "<0x0A>",
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}",
    "{% for i in range(1000000000) %}x{% endfor %}",
    "{% for m in messages %}{{ m.content * 100000000 }}{% endfor %}", "{{ raise_exception('\u{1B}') }}",
  ]

  private static let tensorNames = [
    "token_embd.weight", "output.weight", "output_norm.weight", "output_norm.bias", "rope_freqs.weight",
    "rope_factors_long.weight", "rope_factors_short.weight", "attn_norm.weight", "attn_norm_2.weight",
    "ffn_norm.weight",
    "attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_output.weight", "attn_qkv.weight", "attn_q.bias",
    "attn_k.bias", "attn_v.bias", "attn_output.bias", "attn_q_norm.weight", "attn_k_norm.weight", "ffn_gate.weight",
    "ffn_up.weight", "ffn_down.weight", "ffn_up.bias", "post_attention_norm.weight", "post_ffw_norm.weight",
  ]
}
