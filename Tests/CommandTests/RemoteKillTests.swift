import Foundation
import TestSupport
import Testing

/// Whoever is killed, at whatever moment: nothing that was published is lost, nothing torn is ever used.
@Suite(.enabled(if: ObjectServer.isAvailable && ProcessInfo.processInfo.environment["PMLC_LONG_TESTS"] != nil))
struct RemoteKillTests {
  private let url = "s3://\(ObjectServer.bucket)/\(UUID().uuidString.lowercased())"

  private func schema(_ edit: Int) -> String {
    let modules = (0..<12).map { number in
      let words = (0..<40).map { "word\($0 &* 13 &+ number &+ ($0 == 7 ? edit : 0))" }.joined(separator: " ")
      return "<module name=\"m\(number)\">\(words)</module>"
    }
    return "<schema name=\"many\">Documents. \(modules.joined())</schema>"
  }

  private static let question = "<prompt schema=\"many\"><m3/><m7/>What is the first word?</prompt>"

  private func folder(_ edit: Int) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(schema(edit), to: "many.pml")
    try folder.write(Self.question, to: "question.pml")
    return folder
  }

  private func run(
    _ arguments: [String], _ server: ObjectServer, in folder: TemporaryFolder, timeout: Double = 60
  ) async throws -> PMLC.Result {
    try await PMLC.run(
      arguments + ["--store", "store", "--remote", url], environment: server.environment(), in: folder,
      timeout: timeout)
  }

  private func text(_ result: PMLC.Result) throws -> String {
    let match = try #require(result.standardOutput.firstMatch(of: /"token_ids":\[[^\]]*\]/), "\(result.standardError)")
    return String(match.output)
  }

  /// What was published is whole, and a machine that knows nothing answers from it.
  private func check(_ server: ObjectServer, edit: Int) async throws {
    let fresh = try folder(edit)
    let pulled = try await run(["store", "pull"], server, in: fresh)
    #expect(pulled.status == 0, "\(pulled.standardError)")
    let verified = try await PMLC.run(["store", "verify", "--store", "store"], in: fresh)
    #expect(verified.status == 0, "\(verified.standardOutput)")
    let listed = try await PMLC.run(
      ["store", "ls", "--remote", url, "--json"], environment: server.environment(), in: fresh)
    #expect(!listed.standardOutput.contains(/"missing":[1-9]/), "\(listed.standardOutput)")
  }

  /// Those who warm, and those who fetch.
  @Test func clients() async throws {
    let server = try ObjectServer.shared
    let machine = try folder(0)
    #expect(try await run(["warm", "many.pml"], server, in: machine).status == 0)
    for round in 0..<25 {
      let arguments = round % 2 == 0 ? ["warm", "many.pml"] : ["run", "question.pml", "--json", "--max-tokens", "4"]
      let victim = try folder(round)
      let running = try PMLC.start(
        arguments + ["--store", "store", "--remote", url], environment: server.environment(), in: victim)
      try await Task.sleep(for: .milliseconds(Int.random(in: 20...900)))
      running.kill()
      _ = try await running.finish()
      try await check(server, edit: round)
      // It goes on from where it was, once the claims of the dead have run out.
      let again = try await run(arguments, server, in: victim, timeout: 240)
      #expect(again.status == 0, "\(again.standardError)")
      #expect(try await PMLC.run(["store", "verify", "--store", "store"], in: victim).status == 0)
    }
    try await check(server, edit: 24)
  }

  /// The server, while somebody warms.
  @Test func server() async throws {
    let server = try ObjectServer()
    var published = 0
    for round in 0..<25 {
      let machine = try folder(round)
      let running = try PMLC.start(
        ["warm", "many.pml", "--json", "--store", "store", "--remote", url], environment: server.environment(),
        in: machine)
      try await Task.sleep(for: .milliseconds(Int.random(in: 20...600)))
      server.kill()
      let warmed = try await running.finish()
      #expect(warmed.status == 0, "\(warmed.standardError)")
      try server.restart()
      if let number = warmed.standardOutput.firstMatch(of: /"bytes_put":\d+,"version":(\d+)/) ?? nil {
        published = max(published, Int(number.output.1) ?? 0)
      }
      // What the machine was told is published is there.
      let listed = try await PMLC.run(
        ["store", "ls", "--remote", url, "--json"], environment: server.environment(), in: machine)
      #expect(listed.status == 0, "\(listed.standardError)")
      if published > 0 {
        #expect(listed.standardOutput.contains("\"number\":\(published)"), "\(listed.standardOutput)")
      }
      #expect(!listed.standardOutput.contains(/"missing":[1-9]/), "\(listed.standardOutput)")
    }
  }
}
