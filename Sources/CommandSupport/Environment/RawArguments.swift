public import ArgumentParser
internal import Glibc
public import PromptCache

/// The command line as text that loses none of its bytes.
///
/// The parser takes `String`s, which repair what is not UTF-8 and so make one path of two. Until an argument has been
/// parsed, each byte that is not printable ASCII is therefore a private character. That also keeps whatever a terminal
/// would obey out of the parser's own messages.
package enum RawArguments {
  /// The escape of a byte is this character and the byte.
  private static let firstEscape: UInt32 = 0x10_FE00
  /// Options that any text may follow.
  private static let textOptions = ["--stop", "--ask", "--text"]
  /// The longest line of the parser's messages that is shown.
  private static let lineLimit = 2000

  /// The arguments of this process, without the program's name.
  package static var current: [String] {
    let arguments = unsafe UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
    var bytes: [[UInt8]] = []
    for index in arguments.indices.dropFirst() {
      guard let argument = unsafe arguments[index] else { break }
      bytes.append(unsafe UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) })
    }
    return escaped(bytes)
  }

  /// Arguments for the parser.
  ///
  /// It takes whatever begins with a dash for an option, refuses three dashes, and stops at `--`, even where one of these
  /// is the text of an option. Such dashes are escaped too.
  package static func escaped(_ arguments: [[UInt8]]) -> [String] {
    var isText = false
    return arguments.map { bytes in
      defer { isText = textOptions.contains { bytes.elementsEqual($0.utf8) } }
      let escapesDash = bytes.first == UInt8(ascii: "-") && (isText || !mayBeOption(bytes))
      return bytes.enumerated().reduce(into: "") { text, byte in
        text.unicodeScalars.append(escaped(byte.element, always: escapesDash && byte.offset == 0))
      }
    }
  }

  /// The bytes of an argument that has been parsed.
  package static func bytes(of argument: some StringProtocol) -> [UInt8] {
    argument.unicodeScalars.flatMap { scalar in byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8) }
  }

  /// The text of an argument that has been parsed.
  package static func text(of argument: String) throws -> String {
    guard let text = String(validating: bytes(of: argument), as: UTF8.self) else {
      throw ValidationError("it is not UTF-8")
    }
    return text
  }

  /// A message of the parser, which may quote arguments, safe to show.
  package static func shown(_ message: String) -> String {
    message.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      FilePath(bytes: bytes(of: line)).description.printable(limit: lineLimit)
    }.joined(separator: "\n")
  }

  private static func escaped(_ byte: UInt8, always: Bool) -> Unicode.Scalar {
    if !always, (0x20..<0x7F).contains(byte) { return Unicode.Scalar(byte) }
    // All of these are scalars.
    return Unicode.Scalar(firstEscape + UInt32(byte)) ?? "\u{FFFD}"
  }

  private static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    guard scalar.value >= firstEscape else { return nil }
    return UInt8(exactly: scalar.value - firstEscape)
  }

  /// Whether an argument that begins with a dash may name an option, or stand for one of the standard streams.
  private static func mayBeOption(_ bytes: [UInt8]) -> Bool {
    guard let next = bytes.dropFirst().first(where: { $0 != UInt8(ascii: "-") }) else { return bytes.count <= 2 }
    let dashes = bytes.prefix { $0 == UInt8(ascii: "-") }.count
    let letter = Unicode.Scalar(next).properties.isAlphabetic
    // A number is for its option to judge.
    return dashes <= 2 && next < 0x80 && (letter || (0x30...0x39).contains(next))
  }
}

extension FilePath: ExpressibleByArgument {
  /// The path that an argument spells, byte by byte.
  public init?(argument: String) { self.init(bytes: RawArguments.bytes(of: argument)) }

  /// Shells complete paths.
  public static var defaultCompletionKind: CompletionKind { .file() }
}

extension Sequence<FilePath> {
  /// Refuses to read standard input twice.
  package func validateInputs() throws {
    if count(where: \.isStandardStream) > 1 { throw ValidationError("`-`, standard input, can be read only once") }
  }
}
