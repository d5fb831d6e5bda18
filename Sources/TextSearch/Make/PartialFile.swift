internal import FileSystem
internal import Glibc

/// A file that SQLite writes by its name, until it gets the name that it is made for. It is removed if it does not.
final class PartialFile {
  /// Its path until then.
  let path: FilePath
  private let folder: Folder
  private let name: FilePath
  private let partialName: FilePath
  private var isFinished = false

  /// An empty file beside `path`, for its owner alone.
  init(for path: FilePath) throws(TextIndexError) {
    name = path.lastComponent
    partialName = name.withSuffix(".\(getpid())-\(UInt32.random(in: .min ... .max)).new")
    self.path = path.parent.appending(partialName)
    folder = try asIndexError { () throws(SystemFailure) in try Folder(path.parent) }
    try asIndexError { () throws(SystemFailure) in
      try folder.open(partialName, .creatingNew(permissions: 0o600)).setPermissions(0o600)
    }
  }

  deinit {
    if !isFinished { try? folder.remove(partialName) }
  }

  /// Copies what is at `source` into it.
  func copy(_ source: FilePath) throws(SystemFailure) {
    let from = try OpenFile(source, .reading)
    let to = try folder.open(partialName, .writing)
    while true {
      let bytes = try from.read(atMost: 1 << 20)
      if bytes.isEmpty { return }
      try to.write(bytes)
    }
  }

  /// Waits until it is on the disk, and gives it its name.
  func finish() throws(SystemFailure) {
    try folder.open(partialName, .writing).synchronize()
    try folder.rename(partialName, to: name)
    isFinished = true
    try folder.synchronize()
  }
}
