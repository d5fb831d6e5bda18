public import ArgumentParser
import KVCacheFormat
import PromptCache
import Store

/// Which model, and what stands around its roles.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A Hugging Face model folder. Without it, the small model that ships with pmlc.", valueName: "dir"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The chat template: chatml, llama3, llama2, mistral, vicuna, falcon, plain, or a JSON file. Without it, the model's own.",
      valueName: "name|file"))
  var chatTemplate: String?
}

/// Which store.
struct StoreFolderOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The store's folder. Without it, $PMLC_STORE, else pmlc in $XDG_CACHE_HOME or ~/.cache.", valueName: "dir"))
  var store: String?

  @Option(help: ArgumentHelp("Keeps what is stored apart from other names' (one a tenant).", valueName: "name"))
  var namespace: String = "default"

  @Option(help: ArgumentHelp("Bytes that the store's file may take.", valueName: "n"))
  var maxBytes: Int?
}

extension KVElement: ExpressibleByArgument {}
