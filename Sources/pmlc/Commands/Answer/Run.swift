import ArgumentParser
import CommandSupport
import Foundation
import PromptCache

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer prompts from the store's states.",
    discussion: """
      Without `--schema`, the newest version of the prompt's schema in the store is used. With it, states that are \
      missing are computed and kept first. With `--joint make`, so are states of the prompt's own, which answer as plain \
      inference does: they cost this run a prefill, and the next one with the same modules and arguments nothing. Several \
      prompts are answered one after the other, with the model loaded once.
      """)

  @Argument(help: ArgumentHelp("Prompts.", valueName: "prompt"))
  var prompts: [FilePath]

  @OptionGroup var askOption: AskOption
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
    help: ArgumentHelp(
      "Report each token with its log-probability, and the n likeliest; implies --json.", valueName: "n"))
  var logprobs: Int?

  @Flag(help: "Print a JSON object in place of the text, one a prompt and line.")
  var json = false

  func validate() throws {
    try (prompts + [promptOptions.schema].compactMap { $0 }).validateInputs()
    if maxTokens < 1 { throw ValidationError("--max-tokens takes 1 or more") }
    if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature takes 0 or more") }
    if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p takes more than 0, up to 1") }
    if topK < 0 { throw ValidationError("--top-k takes 0 or more") }
    if !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
      throw ValidationError("--repetition-penalty takes more than 0")
    }
    if noCache, promptOptions.joint != nil { throw ValidationError("--joint does not go with --no-cache") }
    if noCache, promptOptions.repair ?? 0 > 0 { throw ValidationError("--repair does not go with --no-cache") }
    if let logprobs, logprobs < 0 { throw ValidationError("--logprobs takes 0 or more") }
  }

  func run() async throws {
    if noCache {
      let asked = try UncachedQuestions(prompts, promptOptions, turns: askOption.turns)
      for question in asked.prompts {
        try await show(
          asked.session.generateUncached(from: question.prompt, options: options), to: question.prompt,
          at: question.path)
      }
    } else {
      let asked = try Questions(prompts, promptOptions, turns: askOption.turns)
      for question in asked.questions {
        try await show(
          asked.session.generate(
            from: question.prompt, of: question.schema, joint: asked.joint,
            repair: CacheSession.repair(promptOptions.repair, for: question.prompt), options: options),
          to: question.prompt, at: question.path)
        // After the answer, which does not wait for it.
        asked.session.recordUses()
      }
      withExtendedLifetime(asked) {}
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

  /// Writes an answer's text as it comes, or all of it at the end.
  private func show(_ answer: Generation, to prompt: PlannedPrompt, at path: String) async throws {
    let isOneOfMany = prompts.count > 1
    if isOneOfMany, !printsJSON { try Results.line("==> \(path) <==") }
    let completion = try await completion(of: answer)
    if printsJSON {
      return try Results.json(AnsweredPrompt(path: isOneOfMany ? path : nil, prompt: prompt, completion: completion))
    }
    try Results.document("\n")
    for document in prompt.foundDocuments { Notes.line(document.summary) }
    Notes.line(summary(of: completion))
  }

  private func completion(of answer: Generation) async throws -> Completion {
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
