/// How a byte-level tokenizer in a GGUF file rewrites and cuts text: `tokenizer.ggml.pre` names it, since the file does not
/// hold it. Each entry is what the `tokenizer.json` of the models that carry this name says.
struct GGUFPreTokenizer {
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer
  /// A piece that is a token as it stands becomes this token.
  var ignoresMerges = false
  /// Whether a sequence begins with BOS where the file does not say so.
  var addsBeginOfSequence = false

  /// The names that are known.
  static var names: [String] { known.map(\.name) }

  /// The tokenizer with this name.
  init?(named name: String) {
    guard let found = Self.known.first(where: { $0.name == name })?.tokenizer else { return nil }
    self = found
  }

  private init(
    normalizer: Normalizer? = nil, _ steps: [PreTokenizer], ignoresMerges: Bool = false,
    addsBeginOfSequence: Bool = false
  ) {
    self.normalizer = normalizer
    preTokenizer = steps.count == 1 ? steps[0] : .sequence(steps)
    self.ignoresMerges = ignoresMerges
    self.addsBeginOfSequence = addsBeginOfSequence
  }

  private static let bytes = PreTokenizer.byteLevel(addsPrefixSpace: false, usesPattern: false)
  private static let gpt2 = PreTokenizer.byteLevel(addsPrefixSpace: false, usesPattern: true)
  /// Every digit apart, then GPT-2's pattern: StarCoder's, SmolLM's, Granite's.
  private static let digits = [PreTokenizer.split(.character(.numeric), .isolated, isInverted: false), gpt2]

  private static func cut(by pattern: Pattern) -> [PreTokenizer] {
    [.split(pattern, .isolated, isInverted: false), bytes]
  }

  private static let known: [(name: String, tokenizer: GGUFPreTokenizer)] = [
    ("llama-bpe", GGUFPreTokenizer(cut(by: .cl100k(.llama3)), ignoresMerges: true, addsBeginOfSequence: true)),
    ("llama3", GGUFPreTokenizer(cut(by: .cl100k(.llama3)), ignoresMerges: true, addsBeginOfSequence: true)),
    ("falcon3", GGUFPreTokenizer(cut(by: .cl100k(.llama3)), ignoresMerges: true)),
    ("smaug-bpe", GGUFPreTokenizer(cut(by: .cl100k(.llama3)))),
    ("dbrx", GGUFPreTokenizer(cut(by: .cl100k(.llama3)))),
    ("qwen2", GGUFPreTokenizer(normalizer: .nfc, cut(by: .cl100k(.qwen2)))),
    ("deepseek-r1-qwen", GGUFPreTokenizer(normalizer: .nfc, cut(by: .cl100k(.qwen2)), addsBeginOfSequence: true)),
    ("gpt-4o", GGUFPreTokenizer(cut(by: .cased(.o200k)))),
    ("tekken", GGUFPreTokenizer(cut(by: .cased(.tekken)), ignoresMerges: true, addsBeginOfSequence: true)),
    ("gpt-2", GGUFPreTokenizer([gpt2])),
    ("mpt", GGUFPreTokenizer(normalizer: .nfc, [gpt2])),
    ("olmo", GGUFPreTokenizer(normalizer: .nfc, [gpt2])),
    ("smollm", GGUFPreTokenizer(digits)),
    ("starcoder", GGUFPreTokenizer(digits)),
    ("refact", GGUFPreTokenizer(digits)),
    ("command-r", GGUFPreTokenizer(normalizer: .nfc, digits)),
    (
      "falcon",
      GGUFPreTokenizer([
        .split(.character(.punctuation), .contiguous, isInverted: false), gpt2,
        .split(.character(.numeric), .contiguous, isInverted: false),
        .split(
          .run(RunPattern(kind: RunPattern.Kind(ranges: [0x30...0x39]), count: 3...3)), .isolated, isInverted: false),
      ])
    ),
  ]
}
