/// Where matrices in another form than the checkpoint's lie in a file of their own, laid out as a safetensors file.
///
/// Metadata name the form, its version and the model, so that equal headers mean equal contents. The data begin at a multiple
/// of 64 bytes.
struct RepackedLayout {
  private var entries: [String]
  /// Bytes of the tensors so far.
  private var end = 0

  /// - Parameters:
  ///   - form: what the bytes mean, and the version of that.
  ///   - model: the fingerprint of the model with its weights in this form.
  init(form: String, model: String) {
    entries = ["\"__metadata__\":{\"format\":\"\(form)\",\"model\":\"\(model)\"}"]
  }

  /// Adds a tensor behind those that are there.
  ///
  /// - Returns: where it begins, counted from the first one.
  mutating func append(_ name: String, _ type: String, _ shape: [Int], bytes: Int) -> Int {
    let start = end
    end += bytes
    entries.append("\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}")
    return start
  }

  /// The file's first bytes, before the tensors.
  var header: [UInt8] {
    var text = Array("{\(entries.joined(separator: ","))}".utf8)
    while !(8 + text.count).isMultiple(of: 64) { text.append(UInt8(ascii: " ")) }
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
  }

  /// Bytes of all tensors.
  var tensorByteCount: Int { end }
}

extension FileBytes {
  /// Whether it is the file with this header and length: equal headers mean equal contents.
  func isRepacked(header: [UInt8], byteCount: Int) -> Bool {
    guard count == byteCount else { return false }
    return unsafe bytes.withUnsafeBytes { unsafe $0.prefix(header.count).elementsEqual(header) }
  }
}
