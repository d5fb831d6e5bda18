import Synchronization

/// The blobs whose checksum this process found right, by place in the map.
///
/// A place that is written anew holds a blob of another checksum, and so counts as not verified.
final class VerifiedBlobs: Sendable {
  private let checksums = Mutex<[MapRange: UInt64]>([:])

  /// Whether the blob with this checksum at `place` was verified.
  func contains(_ checksum: UInt64, at place: MapRange) -> Bool {
    checksums.withLock { $0[place] == checksum }
  }

  /// Remembers that the blob with this checksum at `place` is whole.
  func insert(_ checksum: UInt64, at place: MapRange) {
    checksums.withLock { $0[place] = checksum }
  }
}
