internal import KVCacheFormat
internal import Store

/// Others who may be computing the same encodings, on other machines.
protocol EncodingFellows: AnyObject {
  /// Says that encodings are about to be computed here.
  ///
  /// - Returns: those that nobody else has said so of.
  func claim(_ keys: [EncodingKey]) -> Set<EncodingKey>
  /// Brings into the store what others have made of these.
  ///
  /// - Parameter accepts: whether layers can be those of an encoding.
  func bring(
    _ keys: [EncodingKey], accepting accepts: @escaping @Sendable (EncodingKey, [KVBlobLayout]) -> Bool
  ) throws(PromptCacheError)
  /// Hands over encodings that were computed and are in the store.
  func add(_ keys: [EncodingKey])
}
