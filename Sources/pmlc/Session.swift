import ArgumentParser
import ContentHash
import Engine
import Foundation
import PMLCompiler
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
  func load(weights: WeightFormat = .stored) throws(PromptCacheError) -> LoadedModel {
    try LoadedModel(at: model, template: chatTemplate, weights: weights)
  }
}

extension OptionalModelOptions {
  /// Reads the model, if one is named, and the template that is asked for. A template may be given without a model.
  func load() throws(PromptCacheError) -> (model: LoadedModel?, template: ChatTemplate?) {
    guard model != nil || template.chatTemplate != nil else { return (nil, nil) }
    let loaded = try LoadedModel(at: model, template: template.chatTemplate)
    return (model == nil ? nil : loaded, loaded.template)
  }
}

extension ComputeOptions {
  /// Loads the weights of `model`, with a line of progress where they have to be brought into another format.
  ///
  /// - Parameter store: what the result is kept beside, as far as it can be, under the model's fingerprint.
  func engine(
    of model: LoadedModel, keptBeside store: (store: StateStore, fingerprint: SHA256Digest)?
  ) throws(PromptCacheError) -> InferenceEngine {
    var line = ProgressLine()
    defer { line.clear() }
    func load(_ prepared: PreparedWeights?) throws(PromptCacheError) -> InferenceEngine {
      try model.engine(threads: threads, prepared: prepared) { done, total in
        line.draw(Double(done) / Double(max(total, 1)), "making \(model.weights) weights: \(done) of \(total) matrices")
      }
    }
    guard model.weights != .stored, let (store, fingerprint) = store,
      let prepared = try store.preparedWeights(for: fingerprint)
    else { return try load(nil) }
    do throws(PromptCacheError) {
      return try load(prepared)
    } catch {
      guard case .engine(.unwritableFile) = error else { throw error }
      line.clear()
      Terminal.error.writeLine("pmlc: warning: \(error): \(model.weights) weights are made anew in memory each time")
      return try load(nil)
    }
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
