import Foundation

/// Makes a folder for its owner alone.
func makeFolder(_ path: String) {
  let made = unsafe mkdir(path, 0o700)
  precondition(made == 0, "cannot make `\(path)`")
}

func setMode(_ path: String, _ mode: mode_t) {
  let set = unsafe chmod(path, mode)
  precondition(set == 0, "cannot set the mode of `\(path)`")
}

/// Makes a file shorter (or longer).
func cut(_ path: String, to byteCount: Int) throws {
  let file = try FileHandle(forUpdating: URL(filePath: path))
  try file.truncate(atOffset: UInt64(byteCount))
  try file.close()
}

func fileByteCount(_ path: String) -> Int {
  (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
}

/// Number of this process.
let ownProcess = getpid()

func setOwner(_ path: String, _ user: uid_t) throws {
  guard unsafe chown(path, user, gid_t(user)) == 0 else { throw CocoaError(.fileWriteNoPermission) }
}
