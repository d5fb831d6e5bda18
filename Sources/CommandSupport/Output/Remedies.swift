package import PromptCache

/// What to do about a failure, in the words of this command.
package func help(for error: any CategorizedError) -> String? {
  let remedies = error.remedies.map(\.inCommands)
  return remedies.isEmpty ? nil : remedies.joined(separator: ", or ")
}

extension Remedy {
  fileprivate var inCommands: String {
    switch self {
    case .warm(let schema, let element, let weights):
      "run `pmlc warm\(element.map { " --kv \($0)" } ?? "")\(weights.map { " --weights \($0)" } ?? "")` on "
        + (schema.map { "the file of \($0.quoted())" } ?? "the schema's file")
    case .compileAgain: "compile the schema again with `pmlc compile`"
    case .compileForThisModel: "compile the schema with `--model` naming this model"
    case .giveSchemaFile: "pass it with `--schema`"
    case .listVersions: "see which there are: pmlc store ls"
    case .useKVFormat(let format): "pass `--kv \(format)`"
    case .splitText, .addText: description
    case .measureLess: "pass a smaller `--cached` or `--new`"

    case .nameStoreFolder: "pass `--store DIR`, or set PMLC_STORE, XDG_CACHE_HOME or HOME"
    case .nameOtherFolder: "name another folder with `--store`, or with PMLC_STORE"
    case .raiseStoreLimit: "raise the limit"
    case .giveStoreLimit: "give the size that it may have (`--max-bytes`)"
    case .collectGarbage: "free space: pmlc store gc"
    case .replaceDamaged, .keepConversationAnew: description
    case .makeJointAnew: "make them again with `--joint make`, which replaces what is damaged"
    case .salvageStore: "save what is whole: pmlc store compact --salvage, then warm again"
    case .exportAgain: "copy the export again, or make it again: pmlc store export"

    case .nameModelFolder:
      "name a Hugging Face model folder, with config.json, tokenizer.json and *.safetensors, by `--model`"
    case .downloadAgain, .fetchLargeFiles, .chooseSupported: description

    case .runAsOwner, .restrictPermissions, .freeDiskSpace, .endOtherProcesses, .raiseMemoryLimit, .tryAgain:
      description
    case .useNewerProgram: "use the pmlc that wrote it, or a newer one"
    case .other(let text): text
    }
  }
}
