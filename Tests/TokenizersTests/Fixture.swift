import Foundation
import GGUF
import Testing
import Tokenizers

/// The tokenizer of a model family, and what Hugging Face's `tokenizers` makes of texts with it
/// (`tools/tokenizers/make_fixtures.py`, which tells the format).
struct Fixture: CustomTestStringConvertible {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  let url: URL

  init(_ name: String) { url = Self.folder.appending(path: name) }

  private init(_ url: URL) { self.url = url }

  /// The families whose fixtures are committed.
  static let families = fixtures(in: folder)

  /// These, and those of the folder with random cases where `TOKENIZER_CASES` names it.
  static let all: [Fixture] = {
    let cases = ProcessInfo.processInfo.environment["TOKENIZER_CASES"].map { URL(filePath: $0) }
    return families + (cases.map { fixtures(in: $0) } ?? [])
  }()

  private static func fixtures(in folder: URL) -> [Fixture] {
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return entries.filter(\.hasDirectoryPath).sorted { $0.path < $1.path }.map { Fixture($0) }
  }

  var testDescription: String { url.lastPathComponent }

  func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appending(path: file))) }

  func tokenizer() throws -> Tokenizer {
    try Tokenizer(tokenizerJSON: bytes("tokenizer.json"), configJSON: bytes("tokenizer_config.json"))
  }

  /// Whether the same tokenizer is there as a GGUF file.
  var hasGGUF: Bool { FileManager.default.fileExists(atPath: url.appending(path: "tokenizer.gguf").path) }

  func ggufTokenizer() throws -> Tokenizer {
    let bytes = try bytes("tokenizer.gguf")
    return try Tokenizer(unsafe GGUFHeader(bytes.span.bytes))
  }

  func goldens() throws -> Goldens {
    try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url.appending(path: "goldens.json")))
  }

  /// The texts of all the families in the folder.
  func texts() throws -> [String] {
    struct Entry: Decodable {
      let text: String
      let times: Int
    }
    let file = url.deletingLastPathComponent().appending(path: "texts.json")
    return try JSONDecoder().decode([Entry].self, from: Data(contentsOf: file)).map {
      String(repeating: $0.text, count: $0.times)
    }
  }
}

/// What the library made of the texts.
struct Goldens: Decodable {
  /// IDs, or their number and hash.
  enum Expected: Decodable {
    case ids([Int32])
    case digest(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let ids = try? container.decode([Int32].self) {
        self = .ids(ids)
      } else {
        self = .digest(try container.decode(String.self))
      }
    }
  }

  struct Decoded: Decodable {
    /// The IDs, or the number of the text that they come from.
    let ids: [Int32]?
    let text: Int?
    let withoutSpecialTokens: String?
    let withSpecialTokens: String?

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      if let number = try? container.decode(Int.self) {
        text = number
        ids = nil
      } else {
        text = nil
        ids = try container.decode([Int32].self)
      }
      withoutSpecialTokens = try container.decodeIfPresent(String.self)
      withSpecialTokens = try container.decodeIfPresent(String.self)
    }
  }

  let encoded: [Expected]
  let template: [Expected?]
  let decoded: [Decoded]
}
