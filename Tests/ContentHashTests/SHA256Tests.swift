import ContentHash
import Foundation
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4, examples of NIST's Cryptographic Standards and Guidelines (SHA256.pdf, SHA2_Additional.pdf).
  @Test(arguments: [
    ([], 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (Array("abc".utf8), 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8), 1,
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    ([0xBD], 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
    ([0xC9, 0x8C, 0x8E, 0x55], 1, "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"),
    ([0], 55, "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"),
    ([0], 56, "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"),
    ([0], 57, "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"),
    ([0], 64, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
    ([0], 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"),
    ([0x41], 1000, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"),
    ([0x55], 1005, "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"),
    ([0x61], 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ([0], 1_000_000, "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"),
  ])
  func vectors(unit: [UInt8], times: Int, digest: String) {
    #expect(hash(Array(repeatElement(unit, count: times).joined())).hexadecimal == digest)
  }

  /// Feeding in pieces is feeding at once, wherever the pieces end.
  @Test func pieces() {
    let message = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = hash(message)
    for split in [0, 1, 55, 56, 63, 64, 65, 128, 299, 300] {
      var hasher = SHA256Hasher()
      unsafe hasher.update(bytes: message.span.bytes.extracting(first: split))
      unsafe hasher.update(bytes: message.span.bytes.extracting(droppingFirst: split))
      let inPieces = hasher.finalize()
      #expect(inPieces == whole)
    }
  }

  @Test func typedUpdates() {
    var typed = SHA256Hasher()
    typed.update(-2)
    typed.update("ü")
    typed.update(SHA256Digest(of: "abc"))
    var bytes = SHA256Hasher()
    let fed: [UInt8] =
      [0xFE] + [UInt8](repeating: 0xFF, count: 7) + [2, 0, 0, 0, 0, 0, 0, 0] + Array("ü".utf8)
      + SHA256Digest(of: "abc").bytes
    unsafe bytes.update(bytes: fed.span.bytes)
    let (left, right) = (typed.finalize(), bytes.finalize())
    #expect(left == right)
  }

  @Test func spelling() throws {
    let digest = SHA256Digest(of: "abc")
    #expect(SHA256Digest(hexadecimal: digest.hexadecimal) == digest)
    #expect(SHA256Digest(hexadecimal: digest.hexadecimal.uppercased()) == digest)
    #expect(SHA256Digest(bytes: digest.bytes) == digest)
    #expect("\(digest)" == digest.hexadecimal)
    for text in ["", "ab", digest.hexadecimal + "0", String(digest.hexadecimal.dropLast()) + "g"] {
      #expect(SHA256Digest(hexadecimal: text) == nil)
    }
    #expect(SHA256Digest(bytes: digest.bytes.dropLast()) == nil)
    let json = try JSONEncoder().encode([digest])
    #expect(String(decoding: json, as: UTF8.self) == "[\"\(digest)\"]")
    #expect(try JSONDecoder().decode([SHA256Digest].self, from: json) == [digest])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([SHA256Digest].self, from: Data("[\"x\"]".utf8)) }
  }

  @Test func copies() {
    let digest = SHA256Digest(of: "abc")
    var bytes = [UInt8](repeating: 9, count: 40)
    var elements = bytes.mutableSpan
    var span = unsafe elements.mutableBytes
    digest.copyBytes(to: &span, at: 5)
    #expect(bytes == [9, 9, 9, 9, 9] + digest.bytes + [9, 9, 9])
    let copy = unsafe SHA256Digest(copying: bytes.span.bytes, at: 5)
    #expect(copy == digest)
  }

  @Test func order() {
    let digests = ["a", "b", "c", "d", "e"].map { SHA256Digest(of: $0) }
    #expect(digests.sorted().map(\.hexadecimal) == digests.map(\.hexadecimal).sorted())
    #expect(Set(digests).count == 5)
  }

  private func hash(_ bytes: [UInt8]) -> SHA256Digest { unsafe SHA256Digest(of: bytes.span.bytes) }
}
