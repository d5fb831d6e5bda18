package import PromptCache

/// What to do about a failure, in the words of this command; an option that it does not have helps nobody.
package func help(for error: any CategorizedError) -> String? {
  let remedies = error.remedies.compactMap { $0.words(where: RunningCommand.has) }
  return remedies.isEmpty ? nil : remedies.joined(separator: ", or ")
}

extension Remedy {
  /// The words of a command.
  ///
  /// - Parameter hasOption: whether it has an option.
  /// - Returns: `nil` where the command has no way to it.
  func words(where hasOption: (String) -> Bool) -> String? {
    switch self {
    case .warm(let schema, let element, let weights):
      "run `pmlc warm\(element.map { " --kv \($0)" } ?? "")\(weights.map { " --weights \($0)" } ?? "")` on "
        + (schema.map { "the file of \($0.quoted())" } ?? "the schema's file")
    case .compileAgain: "compile the schema again with `pmlc compile`"
    case .compileForThisModel: "compile the schema with `--model` naming this model"
    case .giveSchemaFile: hasOption("--schema") ? "pass it with `--schema`" : nil
    case .listVersions: "see which there are: pmlc store ls"
    case .useKVFormat(let format): hasOption("--kv") ? "pass `--kv \(format)`" : description
    case .splitText, .addText: description
    case .measureLess: "pass a smaller `--cached` or `--new`"

    case .nameStoreFolder: "pass `--store DIR`, or set PMLC_STORE, XDG_CACHE_HOME or HOME"
    case .nameOtherFolder: "name another folder with `--store`, or with PMLC_STORE"
    case .raiseStoreLimit: description
    case .giveStoreLimit: hasOption("--max-bytes") ? "give the size that it may have (`--max-bytes`)" : nil
    case .collectGarbage: "free space: pmlc store gc"
    case .replaceDamaged, .keepConversationAnew: description
    case .makeJointAnew:
      "make them again with \(hasOption("--joint") ? "`--joint make`" : "`pmlc run --joint make`"), which replaces what is damaged"
    case .salvageStore: "save what is whole: pmlc store compact --salvage, then warm again"
    case .exportAgain: "copy the export again, or make it again: pmlc store export"

    case .nameModelFolder:
      "name a Hugging Face model folder, with config.json, tokenizer.json and *.safetensors"
        + (hasOption("--model") ? ", by `--model`" : "")
    case .nameModelMeant: hasOption("--model") ? "name that model with `--model`, if it is meant" : description
    case .downloadAgain, .fetchLargeFiles, .chooseSupported: description

    case .runAsOwner, .restrictPermissions, .freeDiskSpace, .endOtherProcesses, .raiseMemoryLimit, .tryAgain:
      description
    case .useNewerProgram: "use the pmlc that wrote it, or a newer one"
    case .other(let text): text
    }
  }
}

extension Diagnostic {
  /// The problem with its help in the words of this command.
  package var inCommands: Diagnostic {
    var words = help
    if code == .unknownSchema, RunningCommand.has("--schema") {
      words = help?.replacing(Self.schemaFileHelp, with: "pass the schema's file with `--schema`")
    }
    if code.wantsQuestion, RunningCommand.has("--ask") {
      words = (help.map { $0 + ", or " } ?? "") + "ask it with `--ask`"
    }
    guard words != help else { return self }
    return Diagnostic(
      code: code, severity: severity, file: file, range: range, message: message, help: words, related: related)
  }
}
