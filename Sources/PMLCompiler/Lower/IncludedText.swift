internal import Failure
internal import FileSystem
internal import Glibc

/// The text of a file that a module names in `src`.
enum IncludedText {
  /// What all files of a schema may hold together; one file may be named many times.
  static let totalLimit = 4 * DocumentLimits.bytes

  /// No system has longer paths.
  private static let longestPath = 1 << 16

  /// The file's bytes, less a byte order mark.
  ///
  /// - Throws: why it is not taken, as a problem with `src`.
  static func read(_ path: String, by reader: some IncludeReader) throws(IncludeProblem) -> [UInt8] {
    let file = FilePath(path)
    guard file.bytes.count <= longestPath else {
      throw .unreadable(path, .unreadable(SystemFailure("open", file, code: ENOENT)))
    }
    guard isInside(path) else { throw .outside(path) }
    let bytes: [UInt8]
    do {
      bytes = try reader.bytes(of: file, limit: DocumentLimits.bytes + 1)
    } catch {
      throw .unreadable(path, error)
    }
    guard bytes.count <= DocumentLimits.bytes else { throw .tooLarge(path) }
    if let invalid = TextEncoding.firstInvalid(in: bytes) {
      throw .notText(path, line: SourceFile(path: file, bytes: bytes).position(of: invalid.lowerBound).line)
    }
    return bytes.starts(with: TextEncoding.byteOrderMark) ? Array(bytes.dropFirst(3)) : bytes
  }

  /// What is odd in a file's text: that there is none, or control characters, which models have seldom seen and terminals
  /// obey.
  static func oddity(of text: [UInt8], from path: String) -> IncludeProblem? {
    if text.allSatisfy(\.isXMLSpace) { return .blank(path, isEmpty: text.isEmpty) }
    guard let first = firstControl(in: text) else { return nil }
    let line = SourceFile(path: FilePath(path), bytes: text).position(of: first.offset).line
    return .controls(path, first.value, line: line)
  }

  /// The first control character of ASCII or Unicode but for tab, line feed and carriage return, or byte order mark: where it
  /// is, and its number.
  private static func firstControl(in text: [UInt8]) -> (offset: Int, value: UInt32)? {
    for (offset, byte) in text.enumerated() {
      switch byte {
      case 0x00...0x08, 0x0B, 0x0C, 0x0E...0x1F, 0x7F: return (offset, UInt32(byte))
      // U+0080 to U+009F.
      case 0xC2 where offset + 1 < text.count && text[offset + 1] < 0xA0: return (offset, UInt32(text[offset + 1]))
      case 0xEF where text[offset...].starts(with: TextEncoding.byteOrderMark): return (offset, 0xFEFF)
      default: continue
      }
    }
    return nil
  }

  /// Whether a path is relative and never goes up.
  private static func isInside(_ path: String) -> Bool {
    !path.hasPrefix("/") && !path.split(separator: "/").contains("..")
  }
}

/// Why a file of `src` is not taken.
enum IncludeProblem: Error {
  case outside(String)
  case unreadable(String, IncludeError)
  /// There is no such file, but these in the folder in which it would lie; paths as `src` would have them.
  case absent(String, IncludeError, known: KnownNames)
  case tooLarge(String)
  case tooLargeTogether
  case notText(String, line: Int)
  /// It is taken, with this character and perhaps others.
  case controls(String, UInt32, line: Int)
  /// It is taken, and adds no word.
  case blank(String, isEmpty: Bool)
}

extension IncludeProblem: Problem {
  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  private static let outsideHelp = "name a file in the schema's own folder or below it, by a path without `..`"

  private static func absent(_ known: KnownNames, _ report: Report) -> Report {
    Report(
      code: report.code, message: report.message,
      help: known.question ?? known.list.map { "\(report.help ?? ""); there are \($0)" } ?? report.help)
  }

  var report: Report {
    switch self {
    case .outside(let path), .unreadable(let path, .leavesFolder):
      Report(
        code: .includeOutside, message: "\(path.quoted()) leads out of the schema's folder", help: Self.outsideHelp)
    case .unreadable(let path, .noFolder):
      Report(
        code: .includeUnreadable, message: "\(path.quoted()) is not there: the schema came without its folder",
        help: "write the file's text into the schema")
    case .unreadable(let path, .notRegularFile):
      Report(code: .includeUnreadable, message: "\(path.quoted()) is not a file with text")
    case .unreadable(let path, .unreadable(let error)):
      Report(
        code: .includeUnreadable, message: "\(path.quoted()) cannot be read: \(error.reason)",
        help: error.isNotFound ? "the path starts from the schema's own folder" : nil)
    case .absent(let path, let error, let known): Self.absent(known, Self.unreadable(path, error).report)
    case .tooLarge(let path):
      Report(code: .includeTooLarge, message: "\(path.quoted()) is larger than 64 MiB")
    case .tooLargeTogether:
      Report(code: .includeTooLarge, message: "the files of `src` up to this one are larger than 256 MiB")
    case .notText(let path, let line):
      Report(
        code: .includeNotText, message: "\(path.quoted()) is not UTF-8: see its line \(line)",
        help: "save it as UTF-8")
    case .controls(let path, let value, let line):
      Report(
        code: .includeControls, severity: .warning,
        message: "\(path.quoted()) holds control characters: U+\(Self.hexadecimal(value)) in line \(line)",
        help: "take them out, unless the model has seen such text")
    case .blank(let path, let isEmpty):
      Report(
        code: .includeEmpty, severity: .warning,
        message: isEmpty ? "\(path.quoted()) is empty" : "\(path.quoted()) holds nothing but white space",
        help: "write its text into it, or leave out `src`")
    }
  }
}
