import JSONText

/// `tokenizer.json`: its model, and the other parts as they stand.
struct TokenizerFile {
  static let name = "tokenizer.json"
  /// Longest file that is read.
  static let byteLimit = 1 << 30

  private(set) var addedTokens: [AddedToken] = []
  private(set) var normalizer: Section?
  private(set) var preTokenizer: Section?
  private(set) var postProcessor: Section?
  private(set) var decoder: Section?
  private(set) var model: ModelFile

  /// `truncation` and `padding` are for batches, and a text is encoded whole: they are passed over.
  init(_ bytes: [UInt8]) throws(TokenizerError) {
    guard bytes.count <= Self.byteLimit else {
      throw TokenizerError(.tooLarge(bytes: bytes.count, limit: Self.byteLimit))
    }
    var model: ModelFile?
    var members: [String: JSONValue] = [:]
    var reader = try FileReader(bytes, file: Self.name)
    try reader.enterObject()
    while let key = try reader.nextKey() {
      if key == "model" {
        model = try ModelFile(&reader)
      } else {
        members[key] = try reader.readValue()
      }
    }
    try reader.finish()

    guard let model else { throw TokenizerError(.missing(field: "model")) }
    self.model = model
    let file = try Section(.object(members), at: "")
    if let version = try file.string(ifPresent: "version"), version != "1.0" {
      throw file.unsupported("version", version, supported: ["1.0"])
    }
    for section in try file.sections(ifPresent: "added_tokens") { addedTokens.append(try AddedToken(section)) }
    normalizer = try file.section(ifPresent: "normalizer")
    preTokenizer = try file.section(ifPresent: "pre_tokenizer")
    postProcessor = try file.section(ifPresent: "post_processor")
    decoder = try file.section(ifPresent: "decoder")
  }
}
