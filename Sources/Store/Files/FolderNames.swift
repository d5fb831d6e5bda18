internal import Glibc

/// Names of all that is in the folder `path`.
func folderNames(_ path: String) throws(StoreError) -> Set<String> {
  guard let folder = unsafe opendir(path) else { throw StoreError(code: errno, operation: "opendir", path: path) }
  defer { unsafe closedir(folder) }
  var names: Set<String> = []
  while let entry = unsafe readdir(folder) {
    let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
      unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
    }
    names.insert(name)
  }
  return names.subtracting([".", ".."])
}
