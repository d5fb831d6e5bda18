public import ArgumentParser
import KVCacheFormat

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

extension KVElement: ExpressibleByArgument {}
