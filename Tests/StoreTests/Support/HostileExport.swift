import ContentHash
import Foundation
import KVCacheFormat
import Store
import StoreTestSupport

/// An export made byte by byte, with all hashes right and anything in it.
struct HostileExport {
  /// An encoding, with what its file of states says of it.
  struct States {
    var encoding = "a"
    var element: KVElement = .f16
    var layers = 2
    var heads = Sample.shape.heads
    var headDimension = Sample.shape.headDimension
    var tokens = 3
    /// The format that the head names, and in format 2 the tokens of each layer.
    var format = 1
    var layerTokens: [Int] = []
    /// The byte at each place of a payload.
    var byte: (_ layer: Int, _ offset: Int) -> UInt8 = { UInt8(truncatingIfNeeded: $0 + $1) & 0x3F }
    /// Whether payloads follow the head.
    var hasPayloads = true

    var layerByteCount: Int { byteCount(tokens) }

    private func byteCount(_ tokens: Int) -> Int {
      let shape = KVShape(layers: 1, heads: max(heads, 1), headDimension: max(headDimension, 1))
      return KVBlobLayout(element: element, shape: shape, tokens: tokens).byteCount
    }

    private var payloads: [[UInt8]] {
      guard hasPayloads else { return [] }
      return (0..<layers).map { layer in
        let count = layer < layerTokens.count ? byteCount(layerTokens[layer]) : layerByteCount
        return (0..<count).map { byte(layer, $0) }
      }
    }

    /// Its name and its bytes.
    var file: (name: [UInt8], bytes: [UInt8]) {
      let payloads = payloads
      var head = Array("PCSTATES".utf8) + number(UInt64(format), 4) + number(UInt64(layers), 4)
      head += Sample.model.bytes + Sample.digest(encoding).bytes + number(UInt64(element.code), 4)
      for side in [heads, headDimension, tokens] { head += number(UInt64(side), 4) }
      for tokens in layerTokens { head += number(UInt64(tokens), 4) }
      for payload in payloads { head += hash(payload) }
      if !hasPayloads { head += (0..<layers).flatMap { _ in Sample.digest("layer").bytes } }
      return (hash(head), head + payloads.joined())
    }
  }

  /// A version, with what its record says.
  struct Version {
    var schema = Array("s".utf8)
    var number: UInt64 = 1
    var time: UInt64 = 1
    var lowered = Array("text".utf8)
    var encodings = ["a"]
    var labels: [[UInt8]] = []

    var record: [UInt8] {
      var body = Sample.model.bytes + HostileExport.number(number, 8) + HostileExport.number(time, 8)
      body += Sample.digest("hash").bytes + [KVElement.f16.code] + list(schema) + list(lowered)
      body += HostileExport.number(UInt64(encodings.count), 4) + encodings.flatMap { Sample.digest($0).bytes }
      return body + HostileExport.number(UInt64(labels.count), 4) + labels.flatMap(list)
    }
  }

  var states = [States()]
  var versions = [Version()]
  /// What follows the byte that ends the list, in the frame and behind it.
  var behindList: [UInt8] = []
  var behindFrame: [UInt8] = []

  /// The archive. Its frame is stored, not compressed.
  var archive: [UInt8] {
    var content: [UInt8] = []
    var names: [String: [UInt8]] = [:]
    for states in states {
      let (name, bytes) = states.file
      names[states.encoding] = name
      content += [1] + name + bytes
    }
    for version in versions {
      let files = version.encodings.flatMap { names[$0] ?? Sample.digest("none").bytes }
      let bytes = Array("PCVERSIO".utf8) + Self.number(1, 4) + Self.list(version.record) + files
      content += [2] + Self.hash(bytes) + Self.number(UInt64(bytes.count), 8) + bytes
    }
    return Self.head + Self.frame([.bytes(content + [0] + behindList)]) + behindFrame
  }

  static var head: [UInt8] { Array("PCARCHIV".utf8) + number(1, 4) + number(0, 4) }

  /// What a frame holds.
  enum Part {
    case bytes([UInt8])
    case zeros(Int)
  }

  /// A zstd frame of stored and run-length blocks, without a checksum.
  static func frame(_ parts: [Part]) -> [UInt8] {
    // Magic; a descriptor without sizes; a window of 128 kB.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
    let most = 1 << 17
    for part in parts {
      switch part {
      case .bytes(let bytes):
        for start in stride(from: 0, to: bytes.count, by: most) {
          let block = bytes[start..<min(start + most, bytes.count)]
          frame += number(UInt64(block.count) << 3, 3) + block
        }
      case .zeros(let count):
        for start in stride(from: 0, to: count, by: most) {
          frame += number(UInt64(min(most, count - start)) << 3 | 2, 3) + [0]
        }
      }
    }
    return frame + number(1, 3)
  }

  static func number(_ value: UInt64, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func list(_ bytes: [UInt8]) -> [UInt8] { number(UInt64(bytes.count), 4) + bytes }

  static func hash(_ bytes: [UInt8]) -> [UInt8] { (unsafe SHA256Digest(of: bytes.span.bytes)).bytes }
}
