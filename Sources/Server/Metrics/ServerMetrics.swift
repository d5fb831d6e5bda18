internal import CoreMetrics
internal import Metrics

/// What the server measures.
struct ServerMetrics: Sendable {
  /// What the metrics are, by name.
  static let descriptions = [
    "pmlc_requests_total": "Requests by route and status.",
    "pmlc_request_seconds": "From a request's first line to the end of its answer.",
    "pmlc_time_to_first_token_seconds": "From a request to the first token of its answer.",
    "pmlc_time_between_tokens_seconds": "Between two tokens of an answer.",
    "pmlc_prompt_tokens_total": "Tokens of prompts.",
    "pmlc_cached_tokens_total": "Tokens of prompts whose states were there already.",
    "pmlc_exact_tokens_total": "Cached tokens with the states of plain inference.",
    "pmlc_computed_tokens_total": "Tokens of prompts that were computed.",
    "pmlc_completion_tokens_total": "Tokens of answers.",
    "pmlc_requests_running": "Answers that are being computed.",
    "pmlc_requests_waiting": "Answers that wait to begin.",
    "pmlc_state_bytes": "Bytes of new states that running answers may take.",
    "pmlc_store_bytes": "Bytes of the store's file.",
    "pmlc_store_versions": "Versions of schemas in the store, by namespace.",
    "pmlc_remote_up": "Whether the remote store answered when it was last asked.",
    "pmlc_remote_fetches": "Encodings asked of the remote store, by what came of it.",
    "pmlc_remote_fetched_bytes": "Bytes of states that were fetched from the remote store.",
    "pmlc_remote_put_bytes": "Bytes of states that were put into the remote store.",
    "pmlc_remote_outages": "Times that the remote store stopped answering.",
    "pmlc_conversation_bytes": "Bytes of the states of conversations in memory.",
    "pmlc_conversations": "Conversations whose states are in memory.",
    "pmlc_joint_combinations": "Combinations that joint encodings were made of while nothing waited.",
    "pmlc_joint_bytes": "Bytes of these encodings.",
    "pmlc_connections": "Open connections.",
  ]

  let timeToFirstToken: Metrics.Timer
  let betweenTokens: Metrics.Timer
  private let promptTokens: Counter
  private let cachedTokens: Counter
  private let exactTokens: Counter
  private let computedTokens: Counter
  private let completionTokens: Counter
  private let factory: any MetricsFactory

  /// Metrics that `factory` makes.
  init(factory: any MetricsFactory) {
    self.factory = factory
    timeToFirstToken = Metrics.Timer(label: "pmlc_time_to_first_token_seconds", dimensions: [], factory: factory)
    betweenTokens = Metrics.Timer(label: "pmlc_time_between_tokens_seconds", dimensions: [], factory: factory)
    promptTokens = Counter(label: "pmlc_prompt_tokens_total", dimensions: [], factory: factory)
    cachedTokens = Counter(label: "pmlc_cached_tokens_total", dimensions: [], factory: factory)
    exactTokens = Counter(label: "pmlc_exact_tokens_total", dimensions: [], factory: factory)
    computedTokens = Counter(label: "pmlc_computed_tokens_total", dimensions: [], factory: factory)
    completionTokens = Counter(label: "pmlc_completion_tokens_total", dimensions: [], factory: factory)
  }

  /// Counts a request that has ended.
  func count(route: String, status: Int, usage: RequestRecord.Usage?, took: Duration) {
    Counter(
      label: "pmlc_requests_total", dimensions: [("route", route), ("status", String(status))], factory: factory
    ).increment()
    Metrics.Timer(label: "pmlc_request_seconds", dimensions: [("route", route)], factory: factory)
      .recordSeconds(took.seconds)
    guard let usage else { return }
    promptTokens.increment(by: usage.promptTokens)
    cachedTokens.increment(by: usage.cachedTokens)
    exactTokens.increment(by: usage.exactTokens)
    computedTokens.increment(by: usage.computedTokens)
    completionTokens.increment(by: usage.completionTokens)
  }

  /// Sets what is so now.
  func set(_ name: String, _ value: Int, _ dimensions: [(String, String)] = []) {
    Meter(label: name, dimensions: dimensions, factory: factory).set(value)
  }
}
