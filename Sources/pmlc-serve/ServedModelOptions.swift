import ArgumentParser
import CommandSupport
import PromptCache
import Server

/// Which models are served, and by which names.
struct ServedModelOptions: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      """
      A Hugging Face model folder, or a GGUF file; several times for several models. Without it, $PMLC_MODEL, else the small \
      model that ships with pmlc.
      """, valueName: "dir|file"),
    completion: .file())
  var model: [FilePath] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "What requests call a model, one for each --model in their order. Without it, the folder's or file's name.",
      valueName: "name"),
    transform: RawArguments.text)
  var alias: [String] = []

  @OptionGroup var template: ChatTemplateOption
  @OptionGroup var weights: WeightOptions

  func validate() throws {
    if alias.count > max(model.count, 1) { throw ValidationError("there are more --alias than models") }
    if alias.contains(where: \.isEmpty) { throw ValidationError("--alias takes a name") }
  }

  /// Reads the models' configurations, tokenizers and chat templates.
  func load() throws -> [ServerOptions.Model] {
    var models: [ServerOptions.Model] = []
    let paths: [FilePath?] = model.isEmpty ? [ModelLocation.path(option: nil)] : model
    for (index, path) in paths.enumerated() {
      let loaded = try LoadedModel(at: path, template: template.chatTemplate, weights: weights.weights)
      let id = alias.indices.contains(index) ? alias[index] : Self.name(of: path)
      guard !models.contains(where: { $0.id == id }) else {
        throw ValidationError("two models are called \(id.quoted()): tell them apart with --alias")
      }
      models.append(ServerOptions.Model(id: id, model: loaded))
    }
    return models
  }

  /// The name of the folder, or of the file without `.gguf`.
  private static func name(of path: FilePath?) -> String {
    guard let path else { return "demo" }
    let name = path.resolved.lastComponent.description
    return name.hasSuffix(".gguf") ? String(name.dropLast(5)) : name
  }
}
