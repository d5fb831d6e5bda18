import JSONText

/// The `model` of `tokenizer.json`: a vocabulary and its merges, read without keeping the JSON.
struct ModelFile {
  private(set) var vocabulary = Vocabulary()
  private(set) var merges: [MergeRule] = []
  let unknownToken: String?
  let fusesUnknown: Bool
  let fallsBackToBytes: Bool
  let ignoresMerges: Bool

  /// Reads the object that comes next.
  init(_ reader: inout FileReader) throws(TokenizerError) {
    var members: [String: JSONValue] = [:]
    var hasVocabulary = false
    var mergesReader: FileReader?  // merges are resolved in the vocabulary, wherever that stands
    try reader.enterObject()
    while let key = try reader.nextKey() {
      switch key {
      case "vocab" where reader.isNext("{"):
        vocabulary = try Self.readVocabulary(&reader)
        hasVocabulary = true
      case "merges":
        mergesReader = reader
        try reader.skipValue()
      default: members[key] = try reader.readValue()
      }
    }

    let section = try Section(.object(members), at: "model")
    if let type = try section.string(ifPresent: "type"), type != "BPE" {
      throw section.unsupported("type", type, supported: ["BPE"])
    }
    guard hasVocabulary else { throw TokenizerError(.missing(field: "model.vocab")) }
    guard var mergesReader else { throw TokenizerError(.missing(field: "model.merges")) }
    var rules = MergeReader(vocabulary: vocabulary)
    merges = try rules.read(&mergesReader)
    try Self.refuseDropout(section)
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] as [String] {
      if let affix = try section.string(ifPresent: key), !affix.isEmpty {
        throw section.unsupported(key, affix, supported: ["null"])
      }
    }
    unknownToken = try section.string(ifPresent: "unk_token")
    fusesUnknown = try section.bool(ifPresent: "fuse_unk") ?? false
    fallsBackToBytes = try section.bool(ifPresent: "byte_fallback") ?? false
    ignoresMerges = try section.bool(ifPresent: "ignore_merges") ?? false
  }

  /// Dropout makes tokens by chance, which is for training.
  private static func refuseDropout(_ section: Section) throws(TokenizerError) {
    guard let dropout = section[ifPresent: "dropout"], dropout.double != 0 else { return }
    throw section.unsupported("dropout", dropout.text, supported: ["null"])
  }

  private static func readVocabulary(_ reader: inout FileReader) throws(TokenizerError) -> Vocabulary {
    var vocabulary = Vocabulary()
    try reader.enterObject()
    while try vocabulary.insert({ arena throws(TokenizerError) in
      try reader.nextMember(key: &arena) ? try reader.readNaturalNumber() : nil
    }) {}
    return vocabulary
  }
}

/// Reads merges, each a string of two tokens with a space between or an array of two strings.
private struct MergeReader {
  let vocabulary: Vocabulary
  private var merges: [MergeRule] = []
  private var entry: [UInt8] = []

  init(vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  mutating func read(_ reader: inout FileReader) throws(TokenizerError) -> [MergeRule] {
    try reader.enterArray()
    while try reader.nextElement() {
      entry.removeAll(keepingCapacity: true)
      if reader.isNext("[") {
        try readPair(&reader)
      } else {
        try readLine(&reader)
      }
    }
    return merges
  }

  private mutating func readPair(_ reader: inout FileReader) throws(TokenizerError) {
    var ends: [Int] = []
    try reader.enterArray()
    while try reader.nextElement() {
      try reader.readString(appendingTo: &entry)
      ends.append(entry.count)
    }
    guard ends.count == 2 else { throw malformed }
    try append(leftEnd: ends[0])
  }

  private mutating func readLine(_ reader: inout FileReader) throws(TokenizerError) {
    try reader.readString(appendingTo: &entry)
    // The first line of a `merges.txt`, where it was taken over.
    guard !entry.starts(with: "#version".utf8) else { return }
    guard let space = entry.firstIndex(of: UInt8(ascii: " ")), entry.lastIndex(of: UInt8(ascii: " ")) == space else {
      throw malformed
    }
    entry.remove(at: space)
    try append(leftEnd: space)
  }

  /// Adds the merge of the two tokens that lie side by side in `entry`.
  private mutating func append(leftEnd: Int) throws(TokenizerError) {
    guard merges.count < MergeTable.countLimit else {
      throw TokenizerError(
        .unsupported(
          field: "model.merges", found: "a longer list", supported: ["\(MergeTable.countLimit) merges"]))
    }
    merges.append(
      MergeRule(
        left: try token(0..<leftEnd), right: try token(leftEnd..<entry.count), result: try token(0..<entry.count)))
  }

  private func token(_ range: Range<Int>) throws(TokenizerError) -> Int32 {
    guard let id = vocabulary.id(of: entry.span.extracting(range)) else {
      throw TokenizerError(
        .mergeOutOfVocabulary(index: merges.count, token: String(decoding: entry[range], as: UTF8.self)))
    }
    return id
  }

  private var malformed: TokenizerError {
    TokenizerError(.malformedMerge(index: merges.count, text: String(decoding: entry, as: UTF8.self)))
  }
}
