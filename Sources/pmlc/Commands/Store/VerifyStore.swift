import ArgumentParser
import CommandSupport
import PromptCache

struct VerifyStore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check every page, record and blob.",
    discussion: "Exits with 1 if something is damaged. Warming the schema again computes damaged states anew.")

  @Flag(help: "Print a JSON object in place of text.")
  var json = false

  @OptionGroup var folder: StoreFolder

  func run() throws {
    let store = try folder.open(for: .reading)
    var line = ProgressLine()
    let verification = try store.verify { done, total in
      line.draw(Double(done) / Double(max(total, 1)), "\(formatted(bytes: done)) of \(formatted(bytes: total))")
    }
    line.clear()
    if json {
      try Results.json(verification)
    } else {
      for damage in verification.damage { try Results.line(damage.line) }
      try Results.line(
        "\(verification.blobs) blobs (\(formatted(bytes: verification.byteCount))) and \(verification.records) records "
          + (verification.isSound ? "are whole" : "checked, \(verification.damage.count) damaged"))
    }
    if !verification.isSound { throw ExitCode.badInput }
  }
}

extension Damage {
  /// What is damaged and who needs it, on one line.
  var line: String {
    var parts = ["\(kind.rawValue): \(problem)"]
    if let layer { parts.append("layer \(layer)") }
    if let page { parts.append("page \(page)") }
    if let table { parts.append("table \(table)") }
    if let encoding { parts.append("encoding \(encoding.hexadecimal.prefix(12))") }
    for need in neededBy {
      parts.append(
        "needed by version \(need.version) of schema `\(need.schema)`" + (need.label.map { " for \($0)" } ?? ""))
    }
    if let joint, neededBy.isEmpty {
      parts.append("joint encoding of schema `\(joint.schema)` for \(joint.label) at position \(joint.position)")
    }
    return parts.joined(separator: ", ")
  }
}
