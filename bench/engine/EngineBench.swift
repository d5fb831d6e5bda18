public import ArgumentParser
public import Engine

/// Measures the engine on one model: a command on each line of standard input, a line of JSON for each answer.
///
/// A process that waits for commands lets a script take turns between engines, so that what else runs on the machine
/// slows all of them alike.
@main struct EngineBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engine-bench",
    abstract: "Measure the engine: commands on standard input, one JSON line each on standard output.",
    discussion: BenchCommand.help)

  @Argument(help: "Folder of the model, or a GGUF file.") var model: String
  @Option(help: "What weights are multiplied in: stored or q8.") var weights = WeightFormat.stored
  @Option(help: "Number of threads.") var threads = 2
  @Option(help: "Folder for cached states and eight-bit weights; made if it is missing.") var scratch: String

  func run() throws {
    let bench = try Bench(model: model, weights: weights, threads: threads, scratch: scratch)
    print(#"{"ready":true,"threads":\#(bench.threads)}"#)
    flushOutput()
    while let line = readLine() {
      let words = line.split(separator: " ")
      if words.isEmpty { continue }
      print(try BenchCommand(words).run(on: bench).json(line))
      flushOutput()
    }
  }
}

extension WeightFormat: @retroactive ExpressibleByArgument {}
