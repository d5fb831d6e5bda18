internal import Glibc
internal import Synchronization

/// Objects in a bucket, over the interface of Amazon S3, which others speak too.
///
/// Calls block their thread until the answer is there, and any number of threads may make some. Requests are signed, tried
/// again where that can help, and take bounded time and memory.
public final class ObjectStore: Sendable {
  /// How patient a client is.
  public struct Options: Sendable {
    /// How long making a connection may take.
    public var connectTime = Duration.seconds(3)
    /// How long nothing may come or go.
    public var stallTime = Duration.seconds(10)
    /// How often a request is made at most.
    public var attempts = 4
    /// The longest pause before the first repetition. It doubles each time; how much of it passes is chance.
    public var firstPause = Duration.milliseconds(100)

    /// The usual patience.
    public init() {}
  }

  /// Bytes that one request can put.
  public static let byteCountLimit = 5 << 30

  /// Where the objects are.
  public let location: ObjectLocation
  /// How patient it is.
  public let options: Options

  let configuration: ClientConfiguration
  let endpoint: Endpoint
  let lanes = Lanes()
  /// Seconds that the server's clock is ahead of this machine's.
  let clockOffset = Mutex(0)
  /// Whether the server puts an object only if there is none, as far as answers have told it.
  let knowsConditions = Mutex(true)

  /// A client for the objects at `location`. Nothing is sent yet.
  ///
  /// - Throws: `ObjectStorageError.badConfiguration`.
  public init(
    _ location: ObjectLocation, _ configuration: ClientConfiguration, options: Options = .init()
  ) throws(ObjectStorageError) {
    self.location = location
    self.configuration = configuration
    self.options = options
    endpoint = try Endpoint(configuration, bucket: location.bucket)
  }

  /// The server's address, for messages.
  public var endpointDescription: String { endpoint.description }

  /// The server's time as far as answers have told it, seconds since 1970: what the times of objects can be compared with.
  public var serverTime: Int { Int(time(nil)) + clockOffset.withLock { $0 } }

  /// Seconds since the time of an object, by the server's clock. None for one of the future: servers may round it up.
  public func age(of time: Int) -> Int { max(0, serverTime - time) }
}
