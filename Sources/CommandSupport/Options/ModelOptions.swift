public import ArgumentParser
public import PromptCache

/// Which model.
package struct ModelOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A Hugging Face model folder, or a GGUF file. Without it, $PMLC_MODEL, else, or as `demo`, the small model that ships with pmlc.",
      valueName: "dir|file"),
    completion: .file())
  package var model: FilePath?

  /// The model that is meant; `nil` for the one that ships.
  package var path: FilePath? { ModelLocation.path(option: model) }

  package init() {}
}

/// Which model, and what stands around its roles.
package struct ModelOptions: ParsableArguments {
  @OptionGroup package var named: ModelOption
  @OptionGroup package var template: ChatTemplateOption

  /// The model that is meant; `nil` for the one that ships.
  package var path: FilePath? { named.path }

  package init() {}

  /// Reads configuration, tokenizer and chat template.
  package func load(weights: WeightFormat = .stored) throws(PromptCacheError) -> LoadedModel {
    try LoadedModel(at: path, template: template.chatTemplate, weights: weights)
  }
}

/// Which model, for commands that need none: they know no lengths then.
package struct OptionalModelOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A Hugging Face model folder or GGUF file, or `demo` for the model that ships, for whose tokenizer and context lengths are checked. Without it, they are not, whatever $PMLC_MODEL says.",
      valueName: "dir|file"),
    completion: .file())
  package var model: FilePath?

  @OptionGroup package var template: ChatTemplateOption

  package init() {}

  /// Reads the model, if one is named, and the template that is asked for. A template may be given without a model.
  package func load() throws(PromptCacheError) -> (model: LoadedModel?, template: FoundTemplate?) {
    guard model != nil || template.chatTemplate != nil else { return (nil, nil) }
    let loaded = try LoadedModel(at: model, template: template.chatTemplate)
    return (model == nil ? nil : loaded, loaded.foundTemplate)
  }
}

/// What stands around the text of roles.
package struct ChatTemplateOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The chat template: chatml, llama3, llama2, mistral, vicuna, falcon, zephyr, gemma, phi3, plain, or a file: a Jinja program (.jinja), else JSON. Without it, the model's own.",
      valueName: "name|file"),
    completion: .file(), transform: RawArguments.text)
  package var chatTemplate: String?

  package init() {}
}

/// What weights are multiplied in.
package struct WeightOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "stored: weights as the model has them. q8: in 8 bits, faster; made once, kept beside the store. Each has states of its own.",
      valueName: "format"))
  package var weights: WeightFormat = .stored

  package init() {}
}

extension KVElement: ExpressibleByArgument {}
extension WeightFormat: ExpressibleByArgument {}
extension JointUse: ExpressibleByArgument {}
