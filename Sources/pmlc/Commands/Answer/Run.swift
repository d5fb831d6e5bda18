import ArgumentParser
import CommandSupport
import Foundation
import PromptCache

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer a prompt from the store's states.",
    discussion: """
      Without `--schema`, the newest version of the prompt's schema in the store is used. With it, states that are \
      missing are computed and kept first. With `--joint make`, so are states of the prompt's own, which answer as plain \
      inference does: they cost this run a prefill, and the next one with the same modules and arguments nothing.
      """)

  @Argument(help: ArgumentHelp("A prompt.", valueName: "prompt"))
  var prompt: FilePath

  @OptionGroup var promptOptions: PromptOptions

  @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of the answer at most.", valueName: "n"))
  var maxTokens = 256

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("0 takes the likeliest token each time; higher is more random.", valueName: "t"))
  var temperature: Float = 0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Draw from the likeliest tokens that make up this probability.", valueName: "p"))
  var topP: Float = 1

  @Option(parsing: .unconditional, help: ArgumentHelp("Draw from the k likeliest tokens; 0 for all.", valueName: "k"))
  var topK = 0

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Above 1, tokens that stood before become less likely.", valueName: "r")
  )
  var repetitionPenalty: Float = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Makes sampling repeatable: any integer of 64 bits. Without it, each run draws anew.", valueName: "n"),
    transform: seed)
  var seed: UInt64?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Ends the answer where this text would stand; may be given several times.", valueName: "text"),
    transform: RawArguments.text)
  var stop: [String] = []

  @Flag(help: "Compute everything at positions 0, 1, 2 …: the baseline to compare with.")
  var noCache = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Report each token's log-probability and the n likeliest; implies --json.", valueName: "n"))
  var logprobs: Int?

  @Flag(help: "Print one JSON object in place of the text.")
  var json = false

  func validate() throws {
    try [prompt, promptOptions.schema].compactMap { $0 }.validateInputs()
    if maxTokens < 1 { throw ValidationError("--max-tokens takes 1 or more") }
    if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature takes 0 or more") }
    if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes more than 0, up to 1") }
    if topK < 0 { throw ValidationError("--top-k takes 0 or more") }
    if !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
      throw ValidationError("--repetition-penalty takes more than 0")
    }
    if noCache, promptOptions.joint != nil { throw ValidationError("--joint does not go with --no-cache") }
    if noCache, promptOptions.repair > 0 { throw ValidationError("--repair does not go with --no-cache") }
    if let logprobs, logprobs < 0 { throw ValidationError("--logprobs takes 0 or more") }
  }

  func run() async throws {
    let completion = noCache ? try await answerUncached() : try await answerCached()
    if printsJSON {
      try Results.json(completion)
    } else {
      try Results.document("\n")
      Notes.line(summary(of: completion))
    }
  }

  private static func seed(_ argument: String) throws -> UInt64 {
    if let seed = UInt64(argument) ?? Int64(argument).map(UInt64.init(bitPattern:)) { return seed }
    throw ValidationError("it is not an integer of 64 bits")
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
  private func answerCached() async throws -> Completion {
    let asked = try Questions([prompt], promptOptions)
    guard let question = asked.questions.first else { throw PromptCacheError.emptyPrompt }
    let completion = try await show(
      asked.session.generate(
        from: question.prompt, of: question.schema, joint: asked.joint, repair: promptOptions.repair, options: options))
    // After the answer, which does not wait for it.
    asked.session.recordUses()
    withExtendedLifetime(asked) {}
    return completion
  }

  /// Answers without states: every token is computed.
  private func answerUncached() async throws -> Completion {
    let source = try SourceFile.read(prompt)
    let model = try promptOptions.loadModel()
    let session: CacheSession
    let schema: PlannedSchema
    if let path = promptOptions.schema {
      schema = try model.compile(schema: SourceFile.read(path)).shown()
      // The store is of use for weights that are kept beside it, and no store is made for them.
      session =
        model.weights == .stored
        ? promptOptions.compute.session(model) : try promptOptions.session(model, access: .readingIfThere)
    } else {
      let name = try model.schemaName(of: source).shown()
      session = try promptOptions.session(model, access: .reading)
      schema = try session.schema(named: name, as: promptOptions.kv).schema
    }
    let question = try model.compile(prompt: source, of: schema).shown()
    return try await show(session.generateUncached(from: question, options: options))
  }

  /// Writes the text as it comes, unless all is written at the end.
  private func show(_ answer: Generation) async throws -> Completion {
    Interruption.cancelsWork()
    for try await event in answer {
      switch event {
      case .token: break
      case .text(let piece): if !printsJSON { try Results.document(piece) }
      case .finish(let completion): return completion
      }
    }
    throw PromptCacheError.cancelled
  }

  private func summary(of completion: Completion) -> String {
    let usage = completion.usage
    return String(
      format: "%d tokens, %d of them cached, %d exact; first token after %.1f ms; %d tokens answered, %.0f a second",
      usage.promptTokens, usage.cachedTokens, usage.exactTokens, completion.timings.timeToFirstToken,
      usage.completionTokens, completion.timings.decodeTokensPerSecond)
  }
}
