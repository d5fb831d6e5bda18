import Foundation
import Glibc
import TestSupport
import Testing

/// Remote stores as users have them: by options, environment variables and exit statuses.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteCommandTests {
  private let server: ObjectServer
  private let url = "s3://\(ObjectServer.bucket)/\(UUID().uuidString.lowercased())"

  init() throws { server = try .shared }

  private static let city = """
    <schema name="city">You answer questions about cities.
    <module name="lisbon">Lisbon is the capital of Portugal. It lies at the mouth of the Tagus.</module>
    <module name="porto">Porto is the second city of Portugal, on the Douro.</module></schema>
    """
  private static let question = "<prompt schema=\"city\"><porto/>Which river is Porto on?</prompt>"

  private func machine() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(Self.city, to: "city.pml")
    try folder.write(Self.question, to: "question.pml")
    return folder
  }

  private func run(
    _ arguments: [String], in folder: TemporaryFolder, keys: ObjectServer.Keys = ObjectServer.writer, port: Int? = nil
  ) async throws -> PMLC.Result {
    var environment = server.environment(keys, port: port)
    environment["PMLC_STORE"] = folder.path("store")
    let result = try await PMLC.run(arguments, environment: environment, in: folder)
    for text in [result.standardOutput, result.standardError] { #expect(!text.contains(keys.secret)) }
    return result
  }

  private func tokens(_ result: PMLC.Result) throws -> [Int] {
    struct Answer: Decodable { let token_ids: [Int] }
    return try JSONDecoder().decode(Answer.self, from: Data(result.standardOutput.utf8)).token_ids
  }

  @Test func twoMachines() async throws {
    let (first, second) = (try machine(), try machine())
    let warmed = try await run(["warm", "city.pml", "--remote", url], in: first)
    #expect(warmed.status == 0 && warmed.standardOutput.contains("published as version 1"), "\(warmed.standardError)")
    let answered = try await run(["run", "question.pml", "--json", "--remote", url], in: first)
    let fetched = try await run(["run", "question.pml", "--json", "--remote", url], in: second)
    #expect(try fetched.status == 0 && tokens(answered) == tokens(fetched), "\(fetched.standardError)")
    #expect(fetched.standardError.isEmpty)
    // Only what the prompt uses came.
    let local = try await run(["store", "ls", "--json"], in: second)
    #expect(local.standardOutput.contains("\"missing\":1"), "\(local.standardOutput)")
    let listed = try await run(["store", "ls", "--remote", url], in: second)
    #expect(listed.standardOutput.contains("city") && listed.status == 0)
    let audited = try await run(["audit", "question.pml", "--max-tokens", "2", "--remote", url], in: try machine())
    #expect(audited.status == 0, "\(audited.standardError)")
    let again = try await run(["warm", "city.pml", "--json", "--remote", url], in: second)
    #expect(again.standardOutput.contains("\"computed\":0") && again.standardOutput.contains("\"fetched\":1"))
  }

  @Test func byEnvironment() async throws {
    let folder = try machine()
    var environment = server.environment()
    environment["PMLC_REMOTE"] = url
    let result = try await PMLC.run(["warm", "city.pml", "--store", "store"], environment: environment, in: folder)
    #expect(result.standardOutput.contains("published"))
  }

  @Test func pushPullAndCollect() async throws {
    let (first, second) = (try machine(), try machine())
    #expect(try await run(["warm", "city.pml"], in: first).status == 0)
    let forecast = try await run(["store", "push", "--dry-run", "--remote", url], in: first)
    #expect(forecast.standardOutput.contains("would be put"))
    #expect(try await run(["store", "pull", "city", "--remote", url], in: second).status == 2)
    let pushed = try await run(["store", "push", "city", "--json", "--remote", url], in: first)
    #expect(pushed.status == 0 && pushed.standardOutput.contains("\"encodings\":4"), "\(pushed.standardOutput)")
    let pulled = try await run(["store", "pull", "city@1", "--json", "--remote", url], in: second)
    #expect(pulled.status == 0 && pulled.standardOutput.contains("\"encodings\":4"), "\(pulled.standardOutput)")
    #expect(try await run(["run", "question.pml"], in: second).status == 0)
    let collected = try await run(
      ["store", "gc", "--remote", url, "--keep", "0", "--older-than", "0", "--json"], in: first)
    #expect(collected.status == 0 && collected.standardOutput.contains("\"encodings_left\":0"), "\(collected)")
    #expect(try await run(["store", "ls", "--remote", url, "--json"], in: first).standardOutput == "[]\n")
  }

  @Test func wrongInput() async throws {
    let folder = try machine()
    #expect(try await run(["store", "push"], in: folder).standardError.contains("PMLC_REMOTE"))
    let named = try await run(["warm", "city.pml", "--remote", "https://states"], in: folder)
    #expect(named.status == 2 && named.standardError.contains("s3://BUCKET"))
    let none = try await PMLC.run(["warm", "city.pml", "--store", "store", "--remote", url], in: folder)
    #expect(none.status == 2 && none.standardError.contains("AWS_ACCESS_KEY_ID"))
    #expect(try await run(["store", "gc", "--older-than", "1"], in: folder).status == 64)
  }

  @Test func wrongKeys() async throws {
    let folder = try machine()
    let keys = ObjectServer.Keys(access: ObjectServer.writer.access, secret: "dOnOtShOw")
    let warmed = try await run(["warm", "city.pml", "--remote", url], in: folder, keys: keys)
    #expect(warmed.status == 0 && warmed.standardOutput.contains("not published"))
    #expect(warmed.standardError.contains("SignatureDoesNotMatch"))
    let pushed = try await run(["store", "push", "--remote", url], in: folder, keys: keys)
    #expect(pushed.status == 2 && pushed.standardError.contains("SignatureDoesNotMatch"))
  }

  /// Whatever looks at the process from outside sees no keys.
  @Test func secretsStayInside() async throws {
    let folder = try machine()
    let relay = try FaultyRelay(to: server.port)
    relay.mode = .silent
    var environment = server.environment(port: relay.port)
    environment["PMLC_STORE"] = folder.path("store")
    let running = try PMLC.start(["warm", "city.pml", "--remote", url], environment: environment, in: folder)
    defer { running.kill() }
    let process = "/proc/\(running.processIdentifier)"
    let line = try String(contentsOfFile: process + "/cmdline", encoding: .utf8)
    #expect(!line.contains(ObjectServer.writer.secret))
    var filter = ""
    // On this thread all the time: it must not wait for others while the process loses its patience.
    for _ in 0..<400 where !filter.hasPrefix("00000000") {
      filter = (try? String(contentsOfFile: process + "/coredump_filter", encoding: .utf8)) ?? ""
      usleep(20_000)
    }
    #expect(filter.hasPrefix("00000000"), "a core would have the keys")
    relay.mode = .passing
    let result = try await running.finish()
    for text in [result.standardOutput, result.standardError] { #expect(!text.contains(ObjectServer.writer.secret)) }
    for name in folder.files() {
      let bytes = FileManager.default.contents(atPath: folder.path(name)) ?? Data()
      #expect(bytes.range(of: Data(ObjectServer.writer.secret.utf8)) == nil, "\(name)")
    }
  }

  /// Two processes that warm the same schema at once compute each encoding once.
  @Test func twoProcesses() async throws {
    let folder = try machine()
    let modules = (0..<24).map { "<module name=\"m\($0)\">\(Self.words($0))</module>" }.joined()
    try folder.write("<schema name=\"many\">Some documents. \(modules)</schema>", to: "many.pml")
    let computed = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<3 {
        group.addTask {
          let result = try await PMLC.run(
            ["warm", "many.pml", "--store", "store", "--threads", "1", "--json"], in: folder)
          let match = try #require(result.standardOutput.firstMatch(of: /"computed":(\d+)/), "\(result.standardError)")
          return Int(match.output.1) ?? 0
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(computed == 26)
  }

  private static func words(_ number: Int) -> String {
    (0..<60).map { "word\($0 &* 7 &+ number)" }.joined(separator: " ")
  }
}
