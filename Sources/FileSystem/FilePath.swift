internal import Glibc

/// A path as the system has it: bytes in any encoding, without a null byte.
///
/// `String` would repair what is not UTF-8, and so make one path of two.
public struct FilePath: Hashable, Sendable {
  /// The bytes.
  public let bytes: [UInt8]

  /// The path of these bytes, up to the first null byte if there is one.
  public init(bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes.prefix { $0 != 0 })
  }

  /// The path that text spells, in UTF-8.
  public init(_ text: String) {
    self.init(bytes: text.utf8)
  }

  /// Whether the path begins at the root.
  public var isAbsolute: Bool { bytes.first == Self.slash }

  /// Whether this is `-`, by which commands mean standard input or output.
  public var isStandardStream: Bool { bytes == [UInt8(ascii: "-")] }

  /// What follows the last slash.
  public var lastComponent: FilePath {
    let trimmed = trimmedBytes
    return FilePath(bytes: trimmed[(trimmed.lastIndex(of: Self.slash).map { $0 + 1 } ?? 0)...])
  }

  /// The folder that holds the file: `.` for a bare name, `/` for the root.
  public var parent: FilePath {
    let trimmed = trimmedBytes
    guard let slash = trimmed.lastIndex(of: Self.slash) else { return "." }
    let folder = FilePath(bytes: trimmed[..<slash]).trimmedBytes
    return folder.isEmpty ? "/" : FilePath(bytes: folder)
  }

  /// The path of what is called `name` in this folder, without a `./` that it begins with; `name` itself where it is absolute.
  public func appending(_ name: FilePath) -> FilePath {
    if name.isAbsolute || bytes.isEmpty { return name }
    var rest = name.bytes[...]
    while rest.starts(with: "./".utf8) { rest = rest.dropFirst().drop { $0 == Self.slash } }
    return FilePath(bytes: bytes + (bytes.last == Self.slash ? [] : [Self.slash]) + rest)
  }

  /// This path with `suffix` at its end.
  public func withSuffix(_ suffix: String) -> FilePath { FilePath(bytes: bytes + Array(suffix.utf8)) }

  /// Whether the last bytes are those of `suffix`.
  public func hasSuffix(_ suffix: String) -> Bool { bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

  /// The absolute path with links resolved; the path itself if there is no such file.
  public var resolved: FilePath {
    guard let path = unsafe withCString({ unsafe realpath($0, nil) }) else { return self }
    defer { unsafe free(path) }
    return unsafe FilePath(cString: path)
  }

  /// The folder to which this process's relative paths belong.
  public static var currentFolder: FilePath {
    guard let path = unsafe getcwd(nil, 0) else { return "." }
    defer { unsafe free(path) }
    return unsafe FilePath(cString: path)
  }

  /// Lends the bytes with a null byte behind them.
  package func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
    let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
    return unsafe terminated.withUnsafeBufferPointer { buffer in
      // Never empty, so it has an address.
      guard let start = buffer.baseAddress else { return unsafe body("") }
      return unsafe body(start)
    }
  }

  init(cString: UnsafePointer<CChar>) {
    unsafe self.init(bytes: UnsafeBufferPointer(start: cString, count: strlen(cString)).map { UInt8(bitPattern: $0) })
  }

  private static let slash = UInt8(ascii: "/")

  /// The bytes without slashes at the end, unless there is nothing else.
  private var trimmedBytes: [UInt8] {
    let kept = bytes.lastIndex { $0 != Self.slash }.map { $0 + 1 } ?? min(bytes.count, 1)
    return Array(bytes[..<kept])
  }
}

extension FilePath: ExpressibleByStringLiteral {
  /// The path that a literal spells.
  public init(stringLiteral value: String) { self.init(value) }
}

extension FilePath: Comparable {
  /// Byte by byte.
  public static func < (left: FilePath, right: FilePath) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension FilePath: CustomStringConvertible {
  /// The path for people to read: bytes that are not UTF-8 are written as `\xE9`.
  public var description: String {
    var text = ""
    var rest = bytes[...]
    while !rest.isEmpty {
      if let length = (1...4).first(where: {
        String(validating: rest.prefix($0), as: UTF8.self)?.unicodeScalars.count == 1
      }) {
        text += String(decoding: rest.prefix(length), as: UTF8.self)
        rest = rest.dropFirst(length)
      } else if let byte = rest.popFirst() {
        text += "\\x" + String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
      }
    }
    return text
  }
}
