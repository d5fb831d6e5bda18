/// Where requests for one bucket go.
struct Endpoint: Sendable {
  /// `http` or `https`.
  let scheme: String
  /// As the header `Host` has it: without the scheme's own port.
  let host: String
  /// Percent-encoded, without a slash at its end: what stands before the object's name.
  let path: String

  var isEncrypted: Bool { scheme == "https" }
  /// For messages.
  var description: String { "\(scheme)://\(host)" }

  /// The endpoint of `bucket`.
  ///
  /// - Throws: `ObjectStorageError.badConfiguration` for an endpoint that is no URL of a host.
  init(_ configuration: ClientConfiguration, bucket: String) throws(ObjectStorageError) {
    guard let endpoint = configuration.endpoint else {
      let suffix = configuration.region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
      let host = "s3.\(configuration.region).\(suffix)"
      // A certificate covers one label.
      let usesPath = configuration.usesPathStyle ?? bucket.contains(".")
      scheme = "https"
      self.host = usesPath ? host : "\(bucket).\(host)"
      path = usesPath ? "/\(bucket)" : ""
      return
    }
    let parts = endpoint.split(separator: "://", maxSplits: 1)
    guard parts.count == 2, let scheme = parts.first?.lowercased(), scheme == "http" || scheme == "https" else {
      throw .badConfiguration("the endpoint of the object store does not begin with http:// or https://")
    }
    let rest = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    // A name and a password would be a secret in the open.
    guard var host = rest.first.map(String.init), !host.isEmpty, !host.contains("@"),
      host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    else { throw .badConfiguration("the endpoint of the object store names no host") }
    let usual = scheme == "https" ? ":443" : ":80"
    if host.hasSuffix(usual) { host.removeLast(usual.count) }
    let base = (rest.count > 1 ? rest[1] : "").split(separator: "/").map { "/" + String($0) }.joined()
      .percentEncoded(slashes: false)
    let usesPath = configuration.usesPathStyle ?? true
    self.scheme = scheme
    self.host = usesPath ? host : "\(bucket).\(host)"
    path = base + (usesPath ? "/\(bucket)" : "")
  }
}
