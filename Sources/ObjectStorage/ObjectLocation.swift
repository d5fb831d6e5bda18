/// Where objects are: a bucket, and what all their names begin with.
public struct ObjectLocation: Hashable, Sendable, CustomStringConvertible {
  /// The bucket's name.
  public let bucket: String
  /// What names begin with: empty, or ending with a slash.
  public let prefix: String

  /// The location that `s3://BUCKET` or `s3://BUCKET/PREFIX` names.
  ///
  /// - Throws: `ObjectStorageError.badLocation`.
  public init(_ text: String) throws(ObjectStorageError) {
    guard text.hasPrefix("s3://") else { throw .badLocation(text) }
    let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bucket = parts.first, Self.isBucket(bucket) else { throw .badLocation(text) }
    let steps = parts.dropFirst().flatMap { $0.split(separator: "/", omittingEmptySubsequences: true) }
    // A server, or a proxy before it, may take these for steps up and down.
    guard !steps.contains(where: { $0 == "." || $0 == ".." }), steps.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 } })
    else { throw .badLocation(text) }
    let prefix = steps.map { $0 + "/" }.joined()
    guard prefix.utf8.count <= 512 else { throw .badLocation(text) }
    self.bucket = String(bucket)
    self.prefix = prefix
  }

  /// As it is named.
  public var description: String { "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix.dropLast())") }

  private static func isBucket(_ name: Substring) -> Bool {
    (3...63).contains(name.utf8.count) && name.first != "." && name.first != "-" && !name.contains("..")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
          UInt8(ascii: "."):
          true
        // Older buckets have these.
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }
}
