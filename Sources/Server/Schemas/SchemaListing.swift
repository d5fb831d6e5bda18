internal import JSONText
internal import PromptCache

/// The schemas of which a tenant's store has versions for a model.
struct SchemaListing {
  let json: JSONValue

  init(of tenant: Tenant) throws {
    let versions = Dictionary(grouping: try tenant.versions(), by: \.schema)
    let data = try versions.sorted { $0.key < $1.key }.map { name, versions in
      JSONValue.object(try Self.entry(name, versions, tenant))
    }
    json = ["object": "list", "data": .array(data)]
  }

  /// What is said of one schema.
  static func entry(_ name: String, _ versions: [VersionSummary], _ tenant: Tenant) throws -> [String: JSONValue] {
    var entry: [String: JSONValue] = [
      "id": .string(name), "object": "schema",
      "bytes": .integer(versions.last?.byteCount ?? 0),
      "versions": .array(
        versions.map { version in
          [
            "version": .integer(version.number), "hash": .string(version.schemaHash.hexadecimal),
            "created": .integer(version.time), "last_use": .integer(version.lastUse),
            "kv": .string(version.element.rawValue), "encodings": .integer(version.encodings),
            "missing": .integer(version.missing), "bytes": .integer(version.byteCount),
            "joint": .integer(version.jointCombinations), "pinned": .bool(version.isPinned),
          ]
        }),
    ]
    do throws(PromptCacheError) {
      let plan = try tenant.schema(named: name).schema.plan
      entry["tokens"] = .integer(plan.distinctStored.reduce(0) { $0 + plan.tokenCount(of: $1) })
      if !plan.layout.libraries.isEmpty {
        entry["documents"] = .integer(plan.layout.libraries.reduce(0) { $0 + $1.declaration.count })
      }
    } catch {
      // One that another version of this program wrote is listed all the same.
      entry["error"] = .string(error.message)
    }
    return entry
  }
}

extension Tenant {
  /// The versions in this tenant's part of the store for this model; none where there is no store yet.
  func versions() throws -> [VersionSummary] {
    do throws(PromptCacheError) {
      let fingerprint = try session.fingerprint
      return try session.storedVersions().filter { $0.model == fingerprint }
    } catch {
      throw APIError(error)
    }
  }
}
