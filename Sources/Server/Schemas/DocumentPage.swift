internal import JSONText
internal import PromptCache

/// Some of the documents of a schema's library, in the order of their names.
struct DocumentPage {
  static let defaultLimit = 100
  static let limits = 1...1000

  let json: JSONValue

  /// - Parameters:
  ///   - name: the schema.
  ///   - library: the library; the only one that it has if `nil`.
  ///   - after: those behind this name.
  ///   - limit: as many at most.
  init(of name: String, library: String?, after: String?, limit: Int, for tenant: Tenant) throws {
    guard try tenant.versions().contains(where: { $0.schema == name }) else { throw APIError.noSchema(name) }
    do throws(PromptCacheError) {
      let schema = try tenant.schema(named: name).schema
      let library = try schema.library(named: library)
      // One more says whether there are others.
      let documents = try schema.documents(of: library, after: after, atMost: limit + 1)
      json = [
        "object": "list", "schema": .string(name), "library": .string(library.name),
        "has_more": .bool(documents.count > limit),
        "data": .array(
          documents.prefix(limit).map { document in
            ["path": .string("\(library.name)/\(document.name)"), "tokens": .integer(document.tokenCount)]
          }),
      ]
    } catch {
      throw APIError(error)
    }
  }
}
