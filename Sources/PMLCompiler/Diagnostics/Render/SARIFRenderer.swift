internal import ContentHash
internal import Failure
public import FileSystem
internal import JSONText

/// Writes diagnostics as SARIF 2.1.0, for code scanning services.
///
/// Rules are the diagnostic codes. Paths start at the root of the repository, where one holds the files. Each result has a
/// fingerprint that stays when lines are added above it, and is the same from whichever folder the check ran.
public struct SARIFRenderer: Sendable {
  /// A document that was not checked.
  public struct Failure: Sendable {
    /// Path as the user gave it.
    public let file: FilePath
    /// Why.
    public let message: String

    /// A document that was not checked.
    public init(file: FilePath, message: String) {
      self.file = file
      self.message = message
    }
  }

  private let sources: [FilePath: SourceFile]
  private let paths: ReportPaths
  private let version: String

  /// A renderer for a program of this version.
  ///
  /// - Parameters:
  ///   - sources: the documents.
  ///   - paths: how files are named.
  ///   - version: the program's.
  public init(sources: [SourceFile], paths: ReportPaths, version: String) {
    self.sources = Dictionary(sources.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    self.paths = paths
    self.version = version
  }

  /// The log, its line ended; it says of a run with `failures` that it was not successful.
  public func render(_ diagnostics: some Sequence<Diagnostic>, failures: [Failure] = []) -> String {
    let diagnostics = Array(diagnostics)
    let files = diagnostics.flatMap { [$0.file] + $0.related.map(\.file) } + failures.map(\.file)
    let artifacts = SARIFArtifacts(of: files, paths)
    var seen: [String: Int] = [:]
    let results = diagnostics.map { result(for: $0, artifacts, seen: &seen) }
    let driver: JSONValue = .object([
      "name": "pmlc", "version": .string(version),
      "rules": .array(
        Diagnostic.Code.meanings.map { code, meaning in
          .object(["id": .string(code.rawValue), "shortDescription": .object(["text": .string(meaning)])])
        }),
    ])
    var run: [String: JSONValue] = [
      "tool": .object(["driver": driver]), "columnKind": "unicodeCodePoints", "results": .array(results),
      "invocations": .array([invocation(failures, artifacts)]),
    ]
    run["originalUriBaseIds"] = artifacts.bases
    let log: JSONValue = .object([
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [.object(run)],
    ])
    return String(decoding: log.canonicalBytes, as: UTF8.self).printableJSON + "\n"
  }

  private func invocation(_ failures: [Failure], _ artifacts: SARIFArtifacts) -> JSONValue {
    var members: [String: JSONValue] = ["executionSuccessful": .bool(failures.isEmpty)]
    if !failures.isEmpty {
      members["toolExecutionNotifications"] = .array(
        failures.map { failure in
          let place: JSONValue = .object([
            "physicalLocation": .object(["artifactLocation": artifacts.location(of: failure.file)])
          ])
          return .object([
            "level": "error", "message": .object(["text": .string("cannot be read: \(failure.message)")]),
            "locations": .array([place]),
          ])
        })
    }
    return .object(members)
  }

  private func result(
    for diagnostic: Diagnostic, _ artifacts: SARIFArtifacts, seen: inout [String: Int]
  ) -> JSONValue {
    let text = diagnostic.message + (diagnostic.help.map { "\nhelp: \($0)" } ?? "")
    var members: [String: JSONValue] = [
      "ruleId": .string(diagnostic.code.rawValue),
      "level": .string(diagnostic.severity.rawValue),
      "message": .object(["text": .string(text)]),
      "locations": [.object(location(artifacts.location(of: diagnostic.file), diagnostic.range))],
      "partialFingerprints": .object(["pmlc/v1": .string(fingerprint(diagnostic, artifacts, seen: &seen))]),
    ]
    if let index = Diagnostic.Code.meanings.firstIndex(where: { $0.key == diagnostic.code }) {
      members["ruleIndex"] = .integer(index)
    }
    if !diagnostic.related.isEmpty {
      members["relatedLocations"] = .array(
        diagnostic.related.map { related in
          var location = location(artifacts.location(of: related.file), related.range)
          location["message"] = .object(["text": .string(related.message)])
          return .object(location)
        })
    }
    return .object(members)
  }

  private func location(_ artifact: JSONValue, _ range: Range<SourcePosition>) -> [String: JSONValue] {
    let region: JSONValue = .object([
      "startLine": .integer(range.lowerBound.line), "startColumn": .integer(range.lowerBound.column),
      "endLine": .integer(range.upperBound.line), "endColumn": .integer(range.upperBound.column),
    ])
    return ["physicalLocation": .object(["artifactLocation": artifact, "region": region])]
  }

  /// A hash of the rule, the file and the line's text; of several that are alike, each has its number.
  private func fingerprint(
    _ diagnostic: Diagnostic, _ artifacts: SARIFArtifacts, seen: inout [String: Int]
  ) -> String {
    let line = sources[diagnostic.file].map { SourceLine($0, around: diagnostic.range, limit: 1_000).text } ?? ""
    let text = [
      diagnostic.code.rawValue, artifacts.name(of: diagnostic.file), String(line.trimmingSpace), diagnostic.message,
    ]
    var hasher = SHA256Hasher()
    for part in text { hasher.update(part) }
    let hash = String(hasher.finalize().description.prefix(32))
    let number = seen[hash, default: 0]
    seen[hash] = number + 1
    return "\(hash):\(number)"
  }
}

extension String {
  fileprivate var trimmingSpace: Substring {
    let head = drop { $0.isWhitespace }
    return head[..<(head.lastIndex { !$0.isWhitespace }.map(head.index(after:)) ?? head.endIndex)]
  }
}
