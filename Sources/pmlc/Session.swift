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

extension StoreFolderOptions {
  /// What a command does with the store.
  enum Access {
    /// What is there; nothing is created.
    case reading
    /// It is created where there is none.
    case writing
  }

  /// Opens the store to read, if there is one.
  func openIfThere() throws(PromptCacheError) -> StateStore? {
    StateStore.exists(at: try path()) ? try open(for: .reading) : nil
  }

  private func path() throws(PromptCacheError) -> String {
    try StoreLocation.folder(option: store, environment: ProcessInfo.processInfo.environment)
  }

  /// Opens the store.
  func open(for access: Access) throws(PromptCacheError) -> StateStore {
    let path = try path()
    let options = StoreOptions(
      maximumBytes: maxBytes, readOnly: access == .reading, namespace: namespace,
      onWait: { Terminal.error.writeLine("pmlc: \($0.message)") })
    do throws(StoreError) {
      return try StateStore(at: path, options: options)
    } catch {
      throw .store(error)
    }
  }
}
