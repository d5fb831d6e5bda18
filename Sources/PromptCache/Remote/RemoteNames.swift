internal import ContentHash
internal import Store

/// What objects of a remote store are called. A namespace's begin with the digest that its keys in the local store begin
/// with, too.
///
///     NAMESPACE/states/MODEL/ELEMENT/ENCODING     an encoding: a file of states
///     NAMESPACE/joint/MODEL/ELEMENT/ENCODING      a joint encoding, which no version names
///     NAMESPACE/versions/MODEL/SCHEMA/NUMBER      a version
///     NAMESPACE/claims/MODEL/ELEMENT/ENCODING     somebody is computing an encoding
///     NAMESPACE/writers/NAME                      somebody is about to publish versions
///     NAMESPACE/collector                         somebody is removing what no version names
///
/// Digests have 64 hexadecimal digits, and SCHEMA is the one of the schema's name; NUMBER has 16 decimal digits, so that
/// names are in the order of numbers.
struct RemoteNames: Sendable {
  let namespace: String
  /// Encodings of prompts' chains that are none of their schema's: they have a folder of their own.
  private(set) var jointKeys: Set<EncodingKey> = []

  init(namespace name: String) { namespace = StoreOptions.tag(ofNamespace: name).hexadecimal }

  /// The same where these are joint encodings.
  func with(joint keys: Set<EncodingKey>) -> RemoteNames {
    var names = self
    names.jointKeys = keys
    return names
  }

  /// What names of all encodings begin with that versions name.
  var states: String { "\(namespace)/states/" }
  /// What names of joint encodings begin with.
  var joint: String { "\(namespace)/joint/" }
  /// What names of all versions begin with.
  var versions: String { "\(namespace)/versions/" }
  var claims: String { "\(namespace)/claims/" }
  var writers: String { "\(namespace)/writers/" }
  var collector: String { "\(namespace)/collector" }

  func states(_ key: EncodingKey) -> String { (jointKeys.contains(key) ? joint : states) + Self.path(of: key) }
  func claim(_ key: EncodingKey) -> String { claims + Self.path(of: key) }

  /// What names of a schema's versions begin with.
  func versions(of schema: String, model: SHA256Digest) -> String {
    "\(versions)\(model.hexadecimal)/\(SHA256Digest(of: schema).hexadecimal)/"
  }

  func version(_ name: VersionName) -> String {
    versions(of: name.schema, model: name.model) + Self.digits(of: name.number)
  }

  /// A version's number, with which the name of its object ends.
  static func digits(of number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(16 - digits.count, 0)) + digits
  }

  /// The number at the end of a version's object.
  static func number(in name: String) -> Int? {
    guard let digits = name.split(separator: "/").last, digits.utf8.count == 16,
      digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(digits)
  }

  private static func path(of key: EncodingKey) -> String {
    "\(key.model.hexadecimal)/\(key.element.rawValue)/\(key.encoding.hexadecimal)"
  }
}
