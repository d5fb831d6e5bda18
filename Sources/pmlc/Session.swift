import ArgumentParser
import ContentHash
import Engine
import Foundation
import PromptCache
import Store

/// How much of the machine a command may use.
struct ComputeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads. Without it, one a core.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads takes 1 or more") }
  }
}

extension ModelOptions {
  /// Reads configuration, tokenizer and chat template.
  func load() throws(PromptCacheError) -> LoadedModel {
    try LoadedModel(at: model, template: chatTemplate)
  }
}

extension LoadedModel {
  /// The fingerprint, with a line of progress where gigabytes are read.
  func fingerprintShowingProgress(rememberedIn store: StateStore?) throws(PromptCacheError) -> SHA256Digest {
    var line = ProgressLine()
    defer { line.clear() }
    return try fingerprint(rememberedIn: store) { done, total in
      line.draw(
        Double(done) / Double(max(total, 1)),
        "reading the model: \(formatted(bytes: done)) of \(formatted(bytes: total))")
    }
  }
}
