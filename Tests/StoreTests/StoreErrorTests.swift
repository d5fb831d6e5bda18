import ContentHash
import Failure
import Store
import StoreTestSupport
import Testing

/// What every error says.
@Suite struct StoreErrorTests {
  private static let version = VersionName(model: Sample.model, schema: "s", number: 1)
  private static let errors: [(StoreError, FailureCategory)] = [
    (.noStore(path: "p"), .notFound), (.notAFolder(path: "p"), .input), (.notAStore(path: "p", reason: "r"), .input),
    (.newerFormat(path: "p", found: 2, supported: 1), .input), (.otherOwner(path: "p", owner: 1, user: 2), .input),
    (.writableByOthers(path: "p", mode: 0o666), .input), (.noPermission(path: "p"), .input),
    (.readOnly(path: "p"), .input), (.unsuitableFileSystem(path: "p", type: "nfs", reason: "r"), .input),
    (.truncated(path: "p", byteCount: 1, expected: 2), .damaged), (.inUse(path: "p", process: 7), .busy),
    (.sameProcessNumber(path: "p", process: 1), .busy), (.tooManyReaders(path: "p", slots: 1), .resources),
    (.storeFull(path: "p", limit: 1), .resources), (.namespaceFull(namespace: "n", limit: 1), .resources),
    (.diskFull(path: "p"), .resources), (.addressSpace(path: "p", byteCount: 1), .resources),
    (.noAddressSpace(path: "p", byteCount: 1), .resources), (.fileSizeLimit(path: "p"), .resources),
    (.blobTooLarge(byteCount: 2, limit: 1), .input), (.noVersion(version), .notFound),
    (.missingEncodings(schema: "s", count: 1), .notFound), (.unusableBlob(Sample.key("a"), .notABlob), .damaged),
    (.damagedRecord(table: "versions", key: "00"), .damaged), (.damagedTree(path: "p", operation: "o"), .damaged),
    (.exists(path: "p"), .input), (.notAnExport(path: "p"), .input),
    (.otherExportFormat(path: "p", found: 2, supported: 1), .input), (.damagedExport(path: "p", reason: "r"), .damaged),
    (.system(operation: "open", path: "p", code: 5), .own), (.database(operation: "mdb_get", path: "p", code: 5), .own),
  ]

  @Test func categoriesAndRemedies() {
    for (error, category) in Self.errors {
      #expect(error.category == category)
      // A library knows nothing of the programs that use it.
      #expect(!error.description.contains("pmlc") && !error.description.contains("--"), "\(error)")
      #expect(error.remedies.isEmpty == (category == .own), "\(error)")
    }
  }
}
