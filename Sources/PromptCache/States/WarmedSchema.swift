public import KVCacheFormat
internal import Store

/// A schema, and how its states are kept: what a session answers prompts of.
///
/// A version that the store records of it stays there as long as this lives, even if other processes collect garbage.
public struct WarmedSchema: Sendable {
  /// The schema.
  public let schema: PlannedSchema
  /// KV format of its states.
  public let element: KVElement
  /// Number of the version; `nil` where none is recorded and states are computed as prompts need them.
  public let version: Int?
  /// What warming it took; `nil` where it was not warmed but found.
  public let report: WarmReport?
  /// Says to other processes that the version is in use, so that they do not free it.
  private let lease: Lease?

  init(
    _ schema: PlannedSchema, element: KVElement, version: Int? = nil, report: WarmReport? = nil, lease: Lease? = nil
  ) {
    self.schema = schema
    self.element = element
    self.version = version
    self.report = report
    self.lease = lease
  }
}
