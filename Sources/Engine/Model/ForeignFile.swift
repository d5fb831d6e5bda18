import Failure
public import FileSystem

/// What a file really is, where it is none of the files that a model is made of.
public enum ForeignFile: Hashable, Sendable {
  /// Nothing in it.
  case empty
  /// Nothing but zeros where it begins, as in a download that was not finished.
  case zeros
  /// What stands for a file that `git lfs` keeps elsewhere, and that file's length.
  case largeFilePointer(byteCount: Int?)
  /// A page for a browser, or a server's message.
  case webPage
  /// A GGUF model.
  case gguf
  /// A checkpoint as PyTorch writes it.
  case pyTorchCheckpoint
  /// Something to unpack first, or of another program: the name of the format.
  case format(String)
  /// A folder, a named pipe, a socket or a device.
  case special(FileStatus.Kind)

  /// Bytes from a file's beginning that are looked at.
  static let lookedAt = 512

  /// Looks at a file's first bytes; `nil` if nothing speaks against it.
  init?(beginningWith bytes: [UInt8]) {
    guard let first = bytes.first else {
      self = .empty
      return
    }
    // A safetensors header is shorter than 4 GiB and begins with a brace: whatever its length happens to spell, it is one.
    if bytes.count > 8, bytes[4..<8].allSatisfy({ $0 == 0 }), bytes[8] == UInt8(ascii: "{") { return nil }
    if bytes.count >= 16, first == 0, bytes.allSatisfy({ $0 == 0 }) {
      self = .zeros
      return
    }
    if let found = Self.magics.first(where: { bytes.starts(with: $0.bytes) }) {
      self = found.kind
      return
    }
    if bytes.starts(with: Self.zip) {
      self = bytes.contains("/data.pkl".utf8) ? .pyTorchCheckpoint : .format("a ZIP archive")
      return
    }
    if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
      self = .format("a tar archive")
      return
    }
    self.init(text: String(decoding: bytes, as: UTF8.self))
  }

  private init?(text: String) {
    if ["version https://git-lfs.github.com", "version https://hawser.github.com", "# xet version"]
      .contains(where: text.hasPrefix)
    {
      let size = text.split(separator: "\n").first { $0.hasPrefix("size ") }
      self = .largeFilePointer(byteCount: size.flatMap { Int($0.dropFirst("size ".count)) })
      return
    }
    let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.prefix(16).lowercased()
    guard ["<!doctype", "<html", "<head", "<?xml"].contains(where: start.hasPrefix) else { return nil }
    self = .webPage
  }

  private static let zip: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

  private static let magics: [(bytes: [UInt8], kind: ForeignFile)] = [
    (Array("GGUF".utf8), .gguf),
    // The pickles that PyTorch wrote before it wrote ZIP archives begin with a magic number.
    ([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC], .pyTorchCheckpoint),
    (Array("lmgg".utf8), .format("a GGML model")), (Array("tjgg".utf8), .format("a GGML model")),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], .format("an HDF5 file")),
    ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], .format("a NumPy array")),
    ([0x1F, 0x8B, 0x08], .format("a gzip archive")), ([0x28, 0xB5, 0x2F, 0xFD], .format("a Zstandard archive")),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .format("an xz archive")),
    ([0x42, 0x5A, 0x68], .format("a bzip2 archive")), ([0x37, 0x7A, 0xBC, 0xAF], .format("a 7-Zip archive")),
  ]

  /// What it is, with an article.
  var name: String {
    switch self {
    case .empty: "empty"
    case .zeros: "nothing but zeros: a download that was not finished"
    case .largeFilePointer(let byteCount):
      "a Git LFS pointer" + (byteCount.map { ", which stands for a file of \($0) bytes" } ?? "")
    case .webPage: "a web page or a server's message"
    case .gguf: "a GGUF model"
    case .pyTorchCheckpoint: "a PyTorch checkpoint"
    case .format(let name): name
    case .special(.folder): "a folder"
    case .special(.pipe): "a named pipe"
    case .special(.socket): "a socket"
    case .special: "not a regular file"
    }
  }
}

extension ForeignFile {
  /// What may be done about it.
  var remedies: [Remedy] {
    switch self {
    case .empty, .zeros: [.downloadAgain]
    case .largeFilePointer: [.fetchLargeFiles]
    case .webPage:
      [.other("open it to read what the server says: a licence or a sign-in may be wanted"), .downloadAgain]
    case .gguf: [.nameModelFolder]
    case .pyTorchCheckpoint: [.other("convert it to safetensors, or take a model that has them")]
    case .format, .special: [.nameModelFolder]
    }
  }
}

extension Sequence<UInt8> {
  fileprivate func contains(_ text: some Collection<UInt8>) -> Bool {
    let (bytes, wanted) = (Array(self), Array(text))
    guard bytes.count >= wanted.count else { return false }
    return (0...bytes.count - wanted.count).contains { bytes[$0..<$0 + wanted.count].elementsEqual(wanted) }
  }
}
