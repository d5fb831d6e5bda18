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

  package func export(
    _ versions: [VersionName]? = nil, toFile path: String, replacing: Bool = false
  ) throws(StoreError) -> ExportReport {
    try export(versions, toFile: FilePath(path), replacing: replacing)
  }

  package func export(_ versions: [VersionName]? = nil, toFolder path: String) throws(StoreError) -> ExportReport {
    try export(versions, toFolder: FilePath(path))
  }

  /// Takes in the export in a file.
  package func importVersions(fromFile path: String) throws(StoreError) -> ImportReport {
    try importVersions(from: FoundExport(file: FilePath(path)))
  }

  /// Takes in the export in a folder.
  package func importVersions(fromFolder path: String) throws(StoreError) -> ImportReport {
    try importVersions(from: FoundExport(folder: FilePath(path)))
  }
}
