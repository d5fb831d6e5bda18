import Foundation
import TestSupport
import Testing

/// A case of tools/reference/cases, with what the reference says about it. `tools/reference/goldens.py` writes them.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  /// The sentence of the language's definition at which it aims.
  let spec: String
  let schema: String
  let isBase64: Bool?
  let prompt: String?
  /// A folder of Goldens/models; the model that ships with the program if there is none.
  let model: String?
  let files: [String: String]?
  let links: [String: String]?
  let options: [String]?
  /// Which document has to be refused, and what kinds of diagnostics may do so.
  let wrong: String?
  let kinds: [String]?
  let inspection: Inspection?
  let encodings: Int?
  let cached: Answer?
  let uncached: Answer?

  struct Inspection: Decodable, Equatable {
    let schema: String
    let length: Int
    let modules: [Module]
    let parameters: [Parameter]
    let segments: [Segment]
  }

  struct Module: Decodable, Equatable {
    let path: String
    let start: Int
    let length: Int
    let cached: Bool
  }

  struct Parameter: Decodable, Equatable {
    let path: String
    let name: String
    let start: Int
    let length: Int
  }

  struct Segment: Decodable, Equatable {
    let path: String
    let start: Int
    let tokens: [Int]
  }

  struct Answer: Decodable {
    /// Tokens of the prompt, and how many of them come from the store.
    let usage: [Int]
    /// A step a token: the likeliest tokens and their log-probabilities.
    let steps: [[[Double]]]
  }

  var testDescription: String { name }

  static let all: [GoldenCase] = {
    do {
      return try JSONDecoder().decode(
        [GoldenCase].self, from: Data(contentsOf: goldens.appending(path: "cases.json")))
    } catch {
      Issue.record("no goldens: \(error)")
      return []
    }
  }()

  /// What goes with every command about this case.
  var arguments: [String] {
    (options ?? [])
      + (model.map { ["--model", Self.goldens.appending(path: "models/\($0)").path(percentEncoded: false)] } ?? [])
  }

  static let goldens = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens")

  /// Writes the documents, and what they name, to a folder of their own.
  func write() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in files ?? [:] {
      try folder.write(text, to: name)
    }
    for (name, target) in links ?? [:] {
      try FileManager.default.createSymbolicLink(atPath: folder.path(name), withDestinationPath: target)
    }
    try folder.write(isBase64 == true ? Data(base64Encoded: schema) ?? Data() : Data(schema.utf8), to: "schema.pml")
    if let prompt { try folder.write(prompt, to: "prompt.pml") }
    return folder
  }
}
