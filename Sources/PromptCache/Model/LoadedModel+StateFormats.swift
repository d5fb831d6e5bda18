internal import Engine
internal import KVCacheFormat
public import PMLCompiler

extension LoadedModel {
  /// The KV formats with the bytes that states take in them, over all layers.
  public var stateFormats: [StateFormat] {
    let shape = configuration.kvShape
    return KVElement.allCases.map { element in
      StateFormat(name: element.rawValue) { tokens in
        KVBlobLayout(element: element, shape: shape, tokens: tokens).byteCount * shape.layers
      }
    }
  }
}
