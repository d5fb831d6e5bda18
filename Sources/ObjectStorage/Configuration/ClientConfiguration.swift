public import FileSystem
internal import Glibc

/// How an object store is reached and asked, as the AWS command line finds it out: by the environment, then by a profile of
/// the user's files.
///
/// Source: "Environment variables", "Configuration and credential file settings" and "Service-specific endpoints" of the AWS
/// CLI's user guide.
public struct ClientConfiguration: Sendable {
  /// The region that is signed for.
  public var region: String
  /// Where to send requests: `http://HOST[:PORT]` or `https://…`; AWS's own place if `nil`.
  public var endpoint: String?
  /// Whether the bucket's name is the first step of the path rather than part of the host; chosen if `nil`.
  public var usesPathStyle: Bool?
  /// Certificates to trust in place of the system's.
  public var certificates: FilePath?
  /// A proxy for unencrypted requests that libcurl does not find itself; `nil` for what it finds.
  public var proxy: String?
  /// With what requests are signed.
  public var credentials: Credentials

  /// A configuration.
  public init(
    region: String = "us-east-1", endpoint: String? = nil, usesPathStyle: Bool? = nil, certificates: FilePath? = nil,
    credentials: Credentials
  ) {
    self.region = region
    self.endpoint = endpoint
    self.usesPathStyle = usesPathStyle
    self.certificates = certificates
    self.credentials = credentials
  }

  /// What the environment and the files say now.
  ///
  /// - Parameter variable: the value of an environment variable; those of this process if left out.
  /// - Throws: `ObjectStorageError.noCredentials`; `.badConfiguration` for a profile that is named and not there.
  public init(
    environment variable: (String) -> String? = ClientConfiguration.variable
  ) throws(ObjectStorageError) {
    let profile = try Profile(variable)
    var endpoint: String?
    if variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() != "true" {
      endpoint = variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL") ?? profile.endpoint
    }
    self.init(
      region: variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? profile.settings["region"] ?? "us-east-1",
      endpoint: endpoint,
      usesPathStyle: ["path": true, "virtual": false][profile.settings["s3.addressing_style"] ?? "auto"],
      certificates: (variable("AWS_CA_BUNDLE") ?? profile.settings["ca_bundle"]).map { FilePath($0) },
      credentials: try Self.credentials(variable, profile))
    // libcurl reads all such variables but this one, which a web server sets from a request's head where it runs a program
    // for it (CVE-2016-5385). The AWS command line reads it where that is not so.
    if variable("http_proxy") == nil, variable("REQUEST_METHOD") == nil { proxy = variable("HTTP_PROXY") }
  }

  private static func credentials(
    _ variable: (String) -> String?, _ profile: Profile
  ) throws(ObjectStorageError) -> Credentials {
    if let accessKey = variable("AWS_ACCESS_KEY_ID") {
      guard let secretKey = variable("AWS_SECRET_ACCESS_KEY") else {
        throw .badConfiguration("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
      }
      return Credentials(
        accessKey: accessKey, secretKey: Secret(secretKey),
        sessionToken: variable("AWS_SESSION_TOKEN").map { Secret($0) })
    }
    guard let accessKey = profile.settings["aws_access_key_id"],
      let secretKey = profile.settings["aws_secret_access_key"]
    else { throw .noCredentials }
    return Credentials(
      accessKey: accessKey, secretKey: Secret(secretKey),
      sessionToken: profile.settings["aws_session_token"].map { Secret($0) })
  }

  /// The value of one of this process's environment variables; `nil` where it is not set, or empty.
  public static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}

/// The settings of the user's profile, in both files.
private struct Profile {
  var settings: [String: String] = [:]
  /// The endpoint that it names for S3, or for everything.
  var endpoint: String?

  init(_ variable: (String) -> String?) throws(ObjectStorageError) {
    let name = variable("AWS_PROFILE")
    let home = variable("HOME").map { FilePath($0).appending(".aws") }
    func file(_ named: String, _ usual: FilePath) -> ConfigurationFile? {
      (variable(named).map { FilePath($0) } ?? home?.appending(usual)).map { ConfigurationFile(at: $0) }
    }
    let configuration = file("AWS_CONFIG_FILE", "config")
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    let section = name.map { $0 == "default" ? $0 : "profile \($0)" } ?? "default"
    let configured = configuration?[section]
    let secret = credentials?[name ?? "default"]
    if let name, configured == nil, secret == nil {
      throw .badConfiguration("there is no profile `\(name)` in the files of the AWS command line")
    }
    settings = (configured ?? [:]).merging(secret ?? [:]) { $1 }
    let services = settings["services"].flatMap { configuration?["services \($0)"] }
    endpoint = services?["s3.endpoint_url"] ?? settings["endpoint_url"]
  }
}
