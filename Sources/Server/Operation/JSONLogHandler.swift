internal import Foundation
internal import JSONText
public import Logging

/// Writes each message of the log as a JSON object on a line of its own.
public struct JSONLogHandler: LogHandler {
  /// What goes with every message.
  public var metadata: Logger.Metadata = [:]
  /// The least that is written.
  public var logLevel: Logger.Level = .info

  private let label: String
  private let write: @Sendable ([UInt8]) -> Void

  /// A handler for a logger called `label`.
  ///
  /// - Parameters:
  ///   - label: the logger's name.
  ///   - write: writes a line, its end included.
  public init(label: String, write: @escaping @Sendable ([UInt8]) -> Void) {
    self.label = label
    self.write = write
  }

  /// What goes with every message, by its key.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes a message.
  public func log(event: LogEvent) {
    var members: [String: JSONValue] = [:]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { _, new in new }) {
      members[key] =
        if case .stringConvertible(let number as Int) = value { .integer(number) } else { .string("\(value)") }
    }
    members["time"] = .string(Date().formatted(.iso8601.time(includingFractionalSeconds: true)))
    members["level"] = .string(event.level.rawValue)
    members["logger"] = .string(label)
    members["message"] = .string("\(event.message)")
    write(JSONValue.object(members).canonicalBytes + [UInt8(ascii: "\n")])
  }
}
