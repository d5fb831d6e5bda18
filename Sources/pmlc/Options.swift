public import ArgumentParser
import Engine
import KVCacheFormat

/// Which model, and what stands around its roles.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A Hugging Face model folder. Without it, the small model that ships with pmlc.", valueName: "dir"))
  var model: String?

  @OptionGroup var template: ChatTemplateOption
  var chatTemplate: String? { template.chatTemplate }
}

/// Which model, for commands that need none: they know no lengths then.
struct OptionalModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A Hugging Face model folder, for whose tokenizer and context lengths are checked. Without it, they are not.",
      valueName: "dir"))
  var model: String?

  @OptionGroup var template: ChatTemplateOption
}

/// What stands around the text of roles.
struct ChatTemplateOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The chat template: chatml, llama3, llama2, mistral, vicuna, falcon, plain, or a JSON file. Without it, the model's own.",
      valueName: "name|file"))
  var chatTemplate: String?
}

/// What weights are multiplied in.
struct WeightOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "stored: weights as the model has them. q8: in 8 bits, faster; made once, kept beside the store. Each has states of its own.",
      valueName: "format"))
  var weights: WeightFormat = .stored
}

extension KVElement: ExpressibleByArgument {}
extension WeightFormat: ExpressibleByArgument {}
