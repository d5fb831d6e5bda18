import FileSystem
import TestSupport
import Testing

@testable import ObjectStorage

@Suite struct ConfigurationTests {
  private func configuration(
    _ variables: [String: String], config: String = "", credentials: String = ""
  ) throws -> ClientConfiguration {
    let home = try TemporaryFolder()
    try home.write(config, to: ".aws/config")
    try home.write(credentials, to: ".aws/credentials")
    return try ClientConfiguration { name in name == "HOME" ? home.path("") : variables[name] }
  }

  private static let keys = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]

  @Test func environment() throws {
    let found = try configuration(
      Self.keys.merging([
        "AWS_SESSION_TOKEN": "t", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://one",
        "AWS_ENDPOINT_URL_S3": "http://two", "AWS_CA_BUNDLE": "/ca.pem",
      ]) { $1 })
    #expect(found.credentials == Credentials(accessKey: "a", secretKey: Secret("s"), sessionToken: Secret("t")))
    #expect(found.region == "eu-west-1" && found.endpoint == "http://two" && found.certificates == "/ca.pem")
    #expect(try configuration(Self.keys).region == "us-east-1")
    #expect(try configuration(Self.keys.merging(["AWS_DEFAULT_REGION": "r"]) { $1 }).region == "r")
    let ignored = try configuration(
      Self.keys.merging(["AWS_ENDPOINT_URL": "http://one", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 })
    #expect(ignored.endpoint == nil)
  }

  @Test func profiles() throws {
    let config = """
      # a comment
      [default]
      region = us-west-2 ; another
      [profile staging]
      region=eu-central-1
      services = local
      s3 =
        addressing_style = virtual
        max_queue_size = 5
      ca_bundle = /staging.pem
      [services local]
      s3 =
        endpoint_url = http://127.0.0.1:9000
      """
    let credentials = """
      [default]
      aws_access_key_id = one
      aws_secret_access_key = two=three
      [staging]
      aws_access_key_id=four
      aws_secret_access_key=five
      aws_session_token=six
      """
    let usual = try configuration([:], config: config, credentials: credentials)
    #expect(usual.region == "us-west-2" && usual.endpoint == nil && usual.usesPathStyle == nil)
    #expect(usual.credentials == Credentials(accessKey: "one", secretKey: Secret("two=three")))
    let staging = try configuration(["AWS_PROFILE": "staging"], config: config, credentials: credentials)
    #expect(staging.region == "eu-central-1" && staging.endpoint == "http://127.0.0.1:9000")
    #expect(staging.usesPathStyle == false && staging.certificates == "/staging.pem")
    #expect(
      staging.credentials == Credentials(accessKey: "four", secretKey: Secret("five"), sessionToken: Secret("six")))
    // Keys of the environment go first, whatever the profile.
    let mixed = try configuration(
      Self.keys.merging(["AWS_PROFILE": "staging"]) { $1 }, config: config, credentials: credentials)
    #expect(mixed.credentials.accessKey == "a" && mixed.region == "eu-central-1")
  }

  @Test func nothing() throws {
    #expect(throws: ObjectStorageError.noCredentials) { try configuration([:]) }
    #expect(throws: ObjectStorageError.self) { try configuration(["AWS_ACCESS_KEY_ID": "a"]) }
    #expect(throws: ObjectStorageError.self) { try configuration(Self.keys.merging(["AWS_PROFILE": "none"]) { $1 }) }
  }

  @Test(arguments: [
    ("s3://states", "states", ""), ("s3://states/", "states", ""), ("s3://states/a//b/", "states", "a/b/"),
    ("s3://my.bucket/tenants/東京", "my.bucket", "tenants/東京/"),
  ])
  func locations(_ text: String, _ bucket: String, _ prefix: String) throws {
    let location = try ObjectLocation(text)
    #expect(location.bucket == bucket && location.prefix == prefix)
    #expect(try ObjectLocation(location.description) == location)
  }

  @Test(arguments: [
    "", "states", "s3:/states", "s3://", "s3://a", "s3://a b c", "s3://states/../x", "http://states", "s3://a/b",
  ])
  func badLocations(_ text: String) {
    #expect(throws: ObjectStorageError.badLocation(text)) { try ObjectLocation(text) }
  }

  @Test func endpoints() throws {
    var configuration = ClientConfiguration(credentials: Credentials(accessKey: "a", secretKey: Secret("s")))
    #expect(try Endpoint(configuration, bucket: "states").description == "https://states.s3.us-east-1.amazonaws.com")
    #expect(try Endpoint(configuration, bucket: "my.states").path == "/my.states")
    configuration.endpoint = "https://store.example:443/base/"
    let endpoint = try Endpoint(configuration, bucket: "states")
    #expect(endpoint.host == "store.example" && endpoint.path == "/base/states" && endpoint.isEncrypted)
    configuration.usesPathStyle = false
    #expect(try Endpoint(configuration, bucket: "states").host == "states.store.example")
    for wrong in ["store.example", "ftp://a", "http://", "http://user:secret@a", "http://a?b"] {
      configuration.endpoint = wrong
      #expect(throws: ObjectStorageError.self, "\(wrong)") { try Endpoint(configuration, bucket: "states") }
    }
  }

  @Test func markup() {
    let reader = MarkupReader(Array("<A><B>x &amp; &#x6771;&lt;</B><B>y</B><B/></A>".utf8))
    #expect(reader.first("B") == "x & 東<")
    #expect(reader.elements("B").count == 2 && reader.first("C") == nil)
    #expect(MarkupReader(Array("<A>&bad; &".utf8)).first("A") == nil)
    #expect(MarkupReader(Array("<A>&bad; & z</A>".utf8)).first("A") == "&bad; & z")
  }
}
