import ContentHash
import Foundation
import Testing

@testable import ObjectStorage

@Suite struct SignatureTests {
  /// The examples of "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
  @Test(arguments: [
    (
      "GET", "/test.txt", "", [("Range", "bytes=0-9")], Self.empty,
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ),
    (
      "PUT", "/test%24file.text", "",
      [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    ),
    (
      "GET", "/", "lifecycle=", [], Self.empty,
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    ),
    (
      "GET", "/", "max-keys=2&prefix=J", [], Self.empty,
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    ),
  ])
  func published(
    _ method: String, _ path: String, _ query: String, _ headers: [(String, String)], _ hash: String,
    _ signature: String
  ) {
    let signer = RequestSigner(
      credentials: Credentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
      region: "us-east-1")
    let request = SignableRequest(
      method: method, host: "examplebucket.s3.amazonaws.com", path: path, query: query,
      headers: headers.map { (name: $0.0, value: $0.1) }, bodyHash: hash)
    let signed = signer.headers(of: request, at: 1_369_353_600)
    #expect(signed.last?.value.hasSuffix("Signature=\(signature)") == true)
  }

  private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  private struct Case: Decodable {
    let method, host, bucket, name, body, region, access_key, secret_key, authorization: String
    let query, headers: [String: String]
    let signs_body: Bool
    let time: Int
    let token: String?
  }

  /// Odd names, queries, headers, times and tokens, signed by `tools/objects/make_signatures.py`.
  @Test func reference() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/signatures.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 60)
    for one in cases {
      let signer = RequestSigner(
        credentials: Credentials(
          accessKey: one.access_key, secretKey: Secret(one.secret_key), sessionToken: one.token.map { Secret($0) }),
        region: one.region)
      let request = SignableRequest(
        method: one.method, host: one.host, path: "/\(one.bucket)/" + one.name.percentEncoded(slashes: false),
        query: SignableRequest.query(one.query.map { (name: $0.key, value: $0.value) }),
        headers: one.headers.map { (name: $0.key, value: $0.value) },
        bodyHash: one.signs_body ? ObjectBody(Array(one.body.utf8)).hash.hexadecimal : RequestSigner.unsignedBody)
      #expect(signer.headers(of: request, at: one.time).last?.value == one.authorization, "\(one.name)")
    }
  }

  @Test func secretsAreNotShown() {
    let credentials = Credentials(accessKey: "public", secretKey: Secret("hidden1"), sessionToken: Secret("hidden2"))
    var dumped = ""
    dump(credentials, to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), dumped] {
      #expect(!text.contains("hidden") && text.contains("public"))
    }
  }
}
