import CommandSupport
import Foundation
import PromptCache

/// Writes what a command was asked for, to standard output.
///
/// Nothing that a schema, a model or a file brought along reaches a terminal as a control character. Programs get
/// documents, JSON and answers as they are.
enum Results {
  private static let stream = StandardStream.output

  /// Writes one line of text.
  static func line(_ text: String) throws(UnwrittenOutput) { try write(text.printable() + "\n") }

  /// Writes several lines of text, each of them ended.
  static func text(_ text: String) throws(UnwrittenOutput) { try write(text.printableLines) }

  /// Writes a value as JSON on one line.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try json(String(decoding: encoder.encode(value), as: UTF8.self) + "\n")
  }

  /// Writes JSON; a terminal gets escapes in strings in place of what it would obey.
  static func json(_ text: String) throws(UnwrittenOutput) { try write(stream.isTerminal ? text.printableJSON : text) }

  /// Writes JSON.
  static func json(_ bytes: [UInt8]) throws(UnwrittenOutput) {
    if stream.isTerminal { try json(String(decoding: bytes, as: UTF8.self)) } else { try write(bytes) }
  }

  /// Writes a document or a part of an answer.
  static func document(_ text: String) throws(UnwrittenOutput) {
    try write(stream.isTerminal ? text.printableLines : text)
  }

  private static func write(_ text: String) throws(UnwrittenOutput) { try write(Array(text.utf8)) }

  private static func write(_ bytes: [UInt8]) throws(UnwrittenOutput) {
    do throws(SystemFailure) { try stream.write(bytes) } catch { throw UnwrittenOutput(path: "-", failure: error) }
  }
}

extension String {
  /// The text with its lines and tabs as they are, and all else made printable.
  fileprivate var printableLines: String {
    if utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x09 }) { return self }
    return unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" }.map { line in
      line.split(omittingEmptySubsequences: false) { $0 == "\t" }.map { String($0).printable() }.joined(separator: "\t")
    }.joined(separator: "\n")
  }
}
