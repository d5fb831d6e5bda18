internal import Foundation
internal import Hummingbird
internal import NIOCore

/// What goes along with a request.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection.
  let channel: any Channel
  /// What becomes known of it, for the log and the metrics.
  let record: RequestRecord
  /// Whose request it is.
  var namespace = ""

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    record = RequestRecord()
  }

  /// A part of the path, by its name in the route.
  func pathPart(_ name: String) throws -> String { try parameters.require(name).removingPercentEncoding ?? "" }
}
