internal import FileSystem
internal import Glibc
public import PromptCache

/// Who may ask, and as whom: keys by namespace.
public struct APIKeys: Sendable {
  private struct Entry {
    let namespace: String
    let key: [UInt8]
  }

  private let entries: [Entry]

  /// The largest file of keys that is read.
  private static let fileLimit = 1 << 20

  /// Reads a file with one `NAMESPACE KEY` a line; empty lines, and those that begin with `#`, mean nothing.
  ///
  /// - Parameter path: the file, which nobody but its owner may read or write.
  /// - Throws: `APIKeysError`.
  public init(at path: FilePath) throws(APIKeysError) {
    let (bytes, mode): ([UInt8], UInt32)
    do throws(SystemFailure) {
      let file = try OpenFile(path, .reading)
      mode = try file.status().mode
      bytes = try file.read(atMost: Self.fileLimit)
    } catch {
      throw APIKeysError(path, .unreadable(error))
    }
    guard mode & 0o077 == 0 else { throw APIKeysError(path, .openToOthers) }
    var entries: [Entry] = []
    for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
      guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
      guard words.count == 2, let namespace = String(validating: first, as: UTF8.self) else {
        throw APIKeysError(path, .badLine(number + 1))
      }
      let key = Array(words[1])
      guard !entries.contains(where: { $0.key == key }) else { throw APIKeysError(path, .repeatedKey(number + 1)) }
      entries.append(Entry(namespace: namespace, key: key))
    }
    guard !entries.isEmpty else { throw APIKeysError(path, .noKeys) }
    self.entries = entries
  }

  /// The namespaces that have keys, each once.
  public var namespaces: [String] {
    var seen: Set<String> = []
    return entries.map(\.namespace).filter { seen.insert($0).inserted }
  }

  /// Whose key this is; `nil` if it is nobody's. How long it takes does not depend on how much of a key is right.
  func namespace(of key: some Sequence<UInt8>) -> String? {
    let key = Array(key)
    var found: String?
    for entry in entries where Self.areEqual(entry.key, key) { found = entry.namespace }
    return found
  }

  private static func areEqual(_ key: [UInt8], _ other: [UInt8]) -> Bool {
    var difference = key.count ^ other.count
    for index in key.indices { difference |= Int(key[index] ^ (index < other.count ? other[index] : 0)) }
    return difference == 0
  }
}

/// Why a file of keys is not taken.
public struct APIKeysError: CategorizedError, Hashable {
  /// What is wrong.
  public enum Problem: Hashable, Sendable {
    case unreadable(SystemFailure)
    case openToOthers
    case badLine(Int)
    case repeatedKey(Int)
    case noKeys
  }

  let path: FilePath
  let problem: Problem

  init(_ path: FilePath, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// The caller's matter.
  public var category: FailureCategory { .input }

  /// What is wrong.
  public var message: String {
    let name = path.description.quoted(limit: 4096)
    switch problem {
    case .unreadable(let failure): return "cannot read the keys in \(name): \(failure.reason)"
    case .openToOthers: return "others than its owner may read or change the keys in \(name)"
    case .badLine(let line): return "line \(line) of \(name) is not `NAMESPACE KEY`"
    case .repeatedKey(let line): return "the key in line \(line) of \(name) stands in an earlier line too"
    case .noKeys: return "\(name) has no keys"
    }
  }

  /// What may be done about it.
  public var remedies: [Remedy] {
    switch problem {
    case .openToOthers: [.other("chmod 600 the file")]
    case .badLine, .repeatedKey, .noKeys: [.other("give each line a namespace and a key of its own")]
    case .unreadable: []
    }
  }
}
