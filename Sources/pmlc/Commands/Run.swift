import ArgumentParser
import Engine
import Foundation
import KVCacheFormat
import PMLCompiler
import PromptCache
import Store

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer a prompt from the store's states.",
    discussion: """
      Without `--schema`, the newest version of the prompt's schema in the store is used. With it, states that are \
      missing are computed and kept first.
      """)

  @Argument(help: ArgumentHelp("A prompt.", valueName: "prompt"))
  var prompt: String

  @OptionGroup var promptOptions: PromptOptions

  @Option(help: ArgumentHelp("Tokens of the answer at most.", valueName: "n"))
  var maxTokens = 256

  @Option(help: ArgumentHelp("0 takes the likeliest token each time; higher is more random.", valueName: "t"))
  var temperature: Float = 0

  @Option(help: ArgumentHelp("Draw from the likeliest tokens that make up this probability.", valueName: "p"))
  var topP: Float = 1

  @Option(help: ArgumentHelp("Draw from the k likeliest tokens; 0 for all.", valueName: "k"))
  var topK = 0

  @Option(help: ArgumentHelp("Above 1, tokens that stood before become less likely.", valueName: "r"))
  var repetitionPenalty: Float = 1

  @Option(help: ArgumentHelp("Makes sampling repeatable. Without it, each run draws anew.", valueName: "n"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp("Ends the answer where this text would stand; may be given several times.", valueName: "text"))
  var stop: [String] = []

  @Flag(help: "Compute everything at positions 0, 1, 2 …: the baseline to compare with.")
  var noCache = false

  @Option(
    help: ArgumentHelp("Report each token's log-probability and the n likeliest; implies --json.", valueName: "n"))
  var logprobs: Int?

  @Flag(help: "Print one JSON object in place of the text.")
  var json = false

  func validate() throws {
    if maxTokens < 1 { throw ValidationError("--max-tokens takes 1 or more") }
    if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature takes 0 or more") }
    if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes more than 0, up to 1") }
    if topK < 0 { throw ValidationError("--top-k takes 0 or more") }
    if !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
      throw ValidationError("--repetition-penalty takes more than 0")
    }
    if let logprobs, logprobs < 0 { throw ValidationError("--logprobs takes 0 or more") }
  }

  func run() async throws {
    try await reportingFailures {
      let source = try Inputs.read(prompt)
      let inputs = try promptOptions.inputs()
      let completion =
        noCache ? try await answerUncached(source, inputs) : try await answerCached(source, inputs)
      if printsJSON {
        Terminal.output.writeLine(try jsonLine(completion))
      } else {
        Terminal.output.writeLine("")
        Terminal.error.writeLine(summary(of: completion))
      }
    }
  }

  private var printsJSON: Bool { json || logprobs != nil }

  private var options: GenerationOptions {
    GenerationOptions(
      maximumTokens: maxTokens,
      sampling: SamplingOptions(
        temperature: temperature, topK: topK, topP: topP, repetitionPenalty: repetitionPenalty,
        seed: seed ?? .random(in: .min ... .max)),
      stops: stop, logProbabilities: logprobs)
  }

  /// Answers from the store's states.
  private func answerCached(_ source: SourceFile, _ inputs: Inputs) async throws -> Completion {
    let session = try PromptSession(for: [source], inputs, promptOptions)
    defer { withExtendedLifetime(session) {} }
    let schema = try session.schema(of: source, inputs)

    // Compiling the prompt is part of a request, so it is timed, though it may have been checked before.
    let start = ContinuousClock.now
    let layout = try inputs.prompt(source, for: schema.prepared, showing: promptOptions.schema == nil)
    let prepared = try session.session.prepare(layout, of: schema.prepared, element: schema.element)
    let completion = try await show(session.session.generate(from: prepared, options: options, start: start))
    // After the answer, which does not wait for it.
    session.session.store.recordUsesIfIdle()
    return completion
  }

  /// Answers without states: every token is computed.
  private func answerUncached(_ source: SourceFile, _ inputs: Inputs) async throws -> Completion {
    let model = inputs.model
    let schema = try promptOptions.schema.map(inputs.schema(at:)) ?? warmedSchema(of: source, inputs)
    // Weights that were prepared are used, but no store is made for them.
    let store = model.weights == .stored ? nil : try promptOptions.store.openIfThere()
    let engine = try promptOptions.compute.engine(
      of: model, keptBeside: try store.map { ($0, try model.fingerprintShowingProgress(rememberedIn: $0)) })
    let start = ContinuousClock.now
    let layout = try inputs.prompt(source, for: schema)
    return try await show(
      Generation(to: ReadyPrompt(uncached: layout), model: model, engine: engine, options: options, start: start))
  }

  /// The newest version of the prompt's schema, whatever its KV format.
  private func warmedSchema(of source: SourceFile, _ inputs: Inputs) throws -> PlannedSchema {
    let store = try promptOptions.store.open(for: .reading)
    let name = try inputs.schemaName(of: source)
    let model = inputs.model
    let fingerprint = try model.fingerprintShowingProgress(rememberedIn: store)
    guard
      let warmed = try WarmedSchema(
        named: name, element: promptOptions.kv, for: model, fingerprint: fingerprint, in: store)
    else {
      throw PromptCacheError.notWarmed(schema: name, model: model, element: promptOptions.kv)
    }
    return warmed.schema
  }

  /// Writes the text as it comes, unless all is written at the end.
  private func show(_ answer: Generation) async throws -> Completion {
    for try await event in answer {
      switch event {
      case .token: break
      case .text(let piece): if !printsJSON { Terminal.output.write(piece) }
      case .finish(let completion): return completion
      }
    }
    throw PromptCacheError.cancelled
  }

  private func summary(of completion: Completion) -> String {
    let usage = completion.usage
    return String(
      format: "%d tokens, %d of them cached; first token after %.1f ms; %d tokens answered, %.0f a second",
      usage.promptTokens, usage.cachedTokens, completion.timings.timeToFirstToken, usage.completionTokens,
      completion.timings.decodeTokensPerSecond)
  }
}
