import FileSystem
package import Store

/// The same by paths as Foundation has them.
extension StateStore {
  package convenience init(at path: String, options: StoreOptions = .init()) throws(StoreError) {
    try self.init(at: FilePath(path), options: options)
  }

  package static func exists(at path: String) -> Bool { exists(at: FilePath(path)) }

  package static func compact(at path: String, salvaging: Bool = false) throws(StoreError) -> CompactionReport {
    try compact(at: FilePath(path), salvaging: salvaging)
  }
}
