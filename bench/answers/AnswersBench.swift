public import ArgumentParser
import Foundation
public import PromptCache

/// Measures what is gained where several answers are read at once, and what a long prompt, or a schema that a request waits
/// for, costs the answers beside it.
///
///     swift run -c release --package-path bench answers-bench .build/bench-models/135M
@main struct AnswersBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "answers-bench",
    abstract:
      "Measure answers that are read at once against one, in turns, and the time between tokens beside other work.")

  @Argument(help: "Folder of the model. Its tokenizer is not used.") var model: String
  @Option(help: "What weights are multiplied in: stored or q8.") var weights = WeightFormat.stored
  @Option(help: "Number of threads.") var threads = 2
  @Option(help: "Answers that are read at once.") var answers = 4
  @Option(help: "Tokens of each answer.") var tokens = 64
  @Option(help: "Tokens, about, that all prompts have in the store.") var cached = 1024
  @Option(help: "Tokens, about, of the long prompt, and of the schema.") var long = 2048
  @Option(help: "Rounds; medians count.") var rounds = 7
  @Option(help: "Folder whose tokenizer is used: random weights have none.") var tokenizer = "Models/docqa"

  func run() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "answers-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let session = try CacheSession(
      model: LoadedModel(at: FilePath(try modelFolder(in: folder)), weights: weights),
      storeAt: FilePath(folder.appending(path: "store").path()), threads: threads)
    let bench = try Bench(session, cached: cached, tokens: tokens)

    var ratios: [Double] = []
    var speeds: [(one: Double, several: Double)] = []
    for round in 0...rounds {
      let first = round.isMultiple(of: 2) ? 1 : answers
      let a = try await bench.tokensPerSecond(of: first)
      let b = try await bench.tokensPerSecond(of: first == 1 ? answers : 1)
      let (one, several) = first == 1 ? (a, b) : (b, a)
      if round == 0 { continue }  // to warm up
      speeds.append((one, several))
      ratios.append(several / one)
    }
    print(
      String(
        format: "%d answers at once: %.1f tokens/s, one: %.1f, ratio %.2f", answers, median(speeds.map(\.several)),
        median(speeds.map(\.one)), median(ratios)))

    let turns = max(rounds / 2, 1)
    show(try await bench.gaps(besidePromptOf: long, rounds: turns), beside: "prompt")
    show(try await bench.gaps(besideSchemaOf: long, rounds: turns), beside: "schema")
  }

  private func show(_ gaps: Bench.Gaps, beside work: String) {
    print(
      String(
        format: "between two tokens: %.1f ms, beside a \(work) of %d tokens: %.1f ms (9 of 10 below %.1f), ratio %.2f",
        gaps.usual * 1000, gaps.tokens, gaps.beside * 1000, gaps.besideMost * 1000, gaps.beside / gaps.usual))
    print(String(format: "the \(work): %.2f s alone, %.2f s beside an answer", gaps.alone, gaps.together))
  }

  /// The model's configuration and weights with another one's tokenizer.
  private func modelFolder(in folder: URL) throws -> String {
    let place = folder.appending(path: "model")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let names = try FileManager.default.contentsOfDirectory(atPath: model)
    for name in names where name == "config.json" || name.hasSuffix(".safetensors") || name.hasSuffix(".index.json") {
      try link(name, from: model, in: place)
    }
    for name in ["tokenizer.json", "tokenizer_config.json"] { try link(name, from: tokenizer, in: place) }
    return place.path()
  }

  private func link(_ name: String, from folder: String, in place: URL) throws {
    try FileManager.default.createSymbolicLink(
      at: place.appending(path: name),
      withDestinationURL: URL(filePath: folder).absoluteURL.appending(path: name))
  }
}

extension WeightFormat: @retroactive ExpressibleByArgument {}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
