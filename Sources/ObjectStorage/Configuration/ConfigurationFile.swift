internal import FileSystem

/// One of the AWS command line's files: sections of settings, some of which hold settings themselves, indented.
///
///     [profile staging]
///     region = eu-west-1
///     s3 =
///       addressing_style = path
///
/// Source: "Configuration and credential file settings in the AWS CLI".
struct ConfigurationFile {
  private var sections: [String: [String: String]] = [:]

  private static let byteCountLimit = 1 << 20

  /// The file at `path`; empty if there is none, or it cannot be read.
  init(at path: FilePath) {
    self.init(String(decoding: (try? Input.read(path, atMost: Self.byteCountLimit)) ?? [], as: UTF8.self))
  }

  /// The file with this text.
  init(_ text: String) {
    var section: String?
    var outer: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let trimmed = line.trimmed
      guard !trimmed.isEmpty, !trimmed.hasPrefix("#"), !trimmed.hasPrefix(";") else { continue }
      if trimmed.hasPrefix("["), let end = trimmed.firstIndex(of: "]") {
        section = trimmed[trimmed.index(after: trimmed.startIndex)..<end].split(separator: " ").joined(separator: " ")
        outer = nil
      } else if let section, let equals = trimmed.firstIndex(of: "=") {
        let name = trimmed[..<equals].trimmed.lowercased()
        var value = trimmed[trimmed.index(after: equals)...].trimmed
        // A comment may follow a value.
        if let comment = value.ranges(of: " #").first ?? value.ranges(of: " ;").first {
          value = value[..<comment.lowerBound].trimmed
        }
        let isIndented = line.first.map { $0 == " " || $0 == "\t" } ?? false
        if isIndented, let outer {
          sections[section, default: [:]]["\(outer).\(name)"] = value
        } else {
          sections[section, default: [:]][name] = value
          outer = value.isEmpty ? name : nil
        }
      }
    }
  }

  /// The settings of a section; `nil` if there is none.
  subscript(section: String) -> [String: String]? { sections[section] }
}

extension StringProtocol {
  /// Without white space at its ends.
  fileprivate var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
