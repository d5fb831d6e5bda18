import PromptCache

/// What to do about a failure, in the words of this command.
func help(for error: any CategorizedError) -> String? {
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
    case .measureLess: "pass a smaller `--cached` or `--new`"
    case .raiseStoreLimit: "raise the limit"
    case .collectGarbage: "free space: pmlc store gc"
    case .salvageStore: "save what is whole: pmlc store compact --salvage; then warm again"
    case .nameStoreFolder: "pass `--store DIR`, or set PMLC_STORE, XDG_CACHE_HOME or HOME"
    default: description
    }
  }
}
