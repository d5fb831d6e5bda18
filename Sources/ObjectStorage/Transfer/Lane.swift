internal import CCurl
internal import FileSystem
internal import Synchronization

/// A place for one transfer at a time, with the connection that the last one left open.
@safe final class Lane {
  let easy: UnsafeMutableRawPointer
  let multi: UnsafeMutableRawPointer

  /// libcurl's own state, made before the first handle.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// - Throws: `TransferFailure.noClient`.
  init() throws(TransferFailure) {
    guard Self.isReady, let easy = unsafe curl_easy_init() else { throw .noClient }
    guard let multi = unsafe curl_multi_init() else {
      unsafe curl_easy_cleanup(easy)
      throw .noClient
    }
    unsafe self.easy = unsafe easy
    unsafe self.multi = unsafe multi
  }

  deinit {
    unsafe curl_multi_cleanup(multi)
    unsafe curl_easy_cleanup(easy)
  }
}

/// Lanes that are free. A transfer takes one, and gives it back with its connection.
final class Lanes: Sendable {
  /// A lane, which belongs to whoever took it out.
  private struct Free: @unchecked Sendable {
    // It is in no other hands, and libcurl's handles may be used by one thread after another.
    let lane: Lane
  }

  private let free = Mutex<[Free]>([])
  /// Connections that stay open while nobody uses them.
  private static let limit = 32

  func take() throws(TransferFailure) -> Lane {
    if let lane = free.withLock({ $0.popLast() })?.lane { return lane }
    return try Lane()
  }

  func giveBack(_ lane: Lane) {
    let kept = Free(lane: lane)
    free.withLock { if $0.count < Self.limit { $0.append(kept) } }
  }
}
