internal import Hummingbird
internal import PromptCache

/// `/metrics`.
struct MetricsEndpoint: Sendable {
  let registry: ModelRegistry
  let metrics: ServerMetrics
  let prometheus: PrometheusRegistry
  let connections: Connections
  let memories: ConversationMemories
  let place: StorePlace

  @Sendable func show(_ request: Request, _ context: ServerContext) async -> Response {
    metrics.set("pmlc_connections", connections.count)
    for model in registry.models {
      guard let load = await model.scheduler?.load else { continue }
      let dimensions = [("model", model.id)]
      metrics.set("pmlc_requests_running", load.running, dimensions)
      metrics.set("pmlc_requests_waiting", load.waiting, dimensions)
      metrics.set("pmlc_state_bytes", load.stateBytes, dimensions)
      let reports = model.knownTenants.compactMap { $0.backlog?.report }
      if !reports.isEmpty {
        metrics.set("pmlc_joint_combinations", reports.reduce(0) { $0 + $1.combinations }, dimensions)
        metrics.set("pmlc_joint_bytes", reports.reduce(0) { $0 + $1.bytesWritten }, dimensions)
      }
      for (namespace, versions) in model.versionCounts {
        metrics.set("pmlc_store_versions", versions, dimensions + [("namespace", namespace)])
      }
    }
    let usage = memories.usage
    metrics.set("pmlc_conversation_bytes", usage.byteCount)
    metrics.set("pmlc_conversations", usage.conversations)
    if let remote = place.remote { show(remote.usage, isUp: remote.isReachable) }
    metrics.set("pmlc_store_bytes", StateStore.fileByteCount(at: place.path) ?? 0)
    return Response(bytes: Array(prometheus.text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
  }

  private func show(_ usage: RemoteUsage, isUp: Bool) {
    metrics.set("pmlc_remote_up", isUp ? 1 : 0)
    for (outcome, count) in [
      ("fetched", usage.fetched), ("missing", usage.missing), ("unusable", usage.unusable), ("failed", usage.failed),
    ] {
      metrics.set("pmlc_remote_fetches", count, [("outcome", outcome)])
    }
    metrics.set("pmlc_remote_fetched_bytes", usage.fetchedByteCount)
    metrics.set("pmlc_remote_put_bytes", usage.putByteCount)
    metrics.set("pmlc_remote_outages", usage.outages)
  }
}
