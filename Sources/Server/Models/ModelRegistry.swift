internal import PromptCache

/// The models that are served, by what requests call them.
struct ModelRegistry: Sendable {
  /// In the order in which they were named; one or more.
  let models: [ServedModel]

  /// Whether all of them answer.
  var areReady: Bool { models.allSatisfy(\.isReady) }

  /// The model that a request asks for; where there is one alone, a request need not name it.
  ///
  /// - Throws: `APIError` for a model that is not served, and where it is not clear which is meant.
  func model(_ id: String?) throws(APIError) -> ServedModel {
    let ids = models.map(\.id)
    guard let id else {
      guard models.count == 1, let model = models.first else {
        throw .invalid(
          "the request does not say which `model`: served are \(ids.map { $0.quoted() }.joined(separator: ", "))",
          parameter: "model")
      }
      return model
    }
    guard let model = models.first(where: { $0.id == id }) else { throw .noModel(id, served: ids) }
    return model
  }
}
