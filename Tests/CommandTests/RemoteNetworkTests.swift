import Foundation
import Glibc
import TestSupport
import Testing

/// What stands between a machine and its remote store: TLS, proxies, another network. And what a dead process leaves.
@Suite(.enabled(if: ObjectServer.isAvailable)) struct RemoteNetworkTests {
  private let server: ObjectServer
  private let url = "s3://\(ObjectServer.bucket)/\(UUID().uuidString.lowercased())"
  private let folder: TemporaryFolder

  init() throws {
    server = try .shared
    folder = try TemporaryFolder()
  }

  /// `store ls` with a different environment: the least that asks the server for something.
  private func list(_ changes: [String: String]) async throws -> PMLC.Result {
    let environment = server.environment().merging(changes) { $1 }
    let result = try await PMLC.run(["store", "ls", "--remote", url], environment: environment, in: folder)
    #expect(!result.standardError.contains(ObjectServer.writer.secret))
    return result
  }

  // MARK: - TLS

  /// A certificate for some names that signs itself.
  private func certificate(_ name: String, for names: String) throws -> (certificate: String, key: String) {
    let (certificate, key) = (folder.path("\(name).pem"), folder.path("\(name).key"))
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=states", "-addext",
      "subjectAltName=\(names)", "-keyout", key, "-out", certificate,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)
    return (certificate, key)
  }

  /// A server whose certificate signs itself is refused, unless `AWS_CA_BUNDLE` names it; one for another name always is.
  @Test func certificates() async throws {
    let (good, goodKey) = try certificate("good", for: "IP:127.0.0.1")
    let (other, otherKey) = try certificate("other", for: "DNS:states.example")
    let front = try Front(of: server.port, good, goodKey)
    let secure = ["AWS_ENDPOINT_URL": "https://127.0.0.1:\(front.port)"]
    let refused = try await list(secure)
    #expect(refused.status == 2 && refused.standardError.contains("certificate"), "\(refused)")
    let trusted = try await list(secure.merging(["AWS_CA_BUNDLE": good]) { $1 })
    #expect(trusted.status == 0, "\(trusted.standardError)")
    // Those alone count that are named.
    #expect(try await list(secure.merging(["AWS_CA_BUNDLE": other]) { $1 }).status == 2)
    #expect(try await list(secure.merging(["AWS_CA_BUNDLE": folder.path("missing.pem")]) { $1 }).status == 2)
    let wrongName = try Front(of: server.port, other, otherKey)
    let misnamed = try await list(["AWS_ENDPOINT_URL": "https://127.0.0.1:\(wrongName.port)", "AWS_CA_BUNDLE": other])
    #expect(misnamed.status == 2, "\(misnamed)")
  }

  /// States go there and come back over TLS, where bodies are not part of the signature.
  @Test func statesOverTLS() async throws {
    let (certificate, key) = try certificate("good", for: "IP:127.0.0.1")
    let front = try Front(of: server.port, certificate, key)
    try folder.write("<schema name=\"s\">Answer.<module name=\"m\">Taki is here.</module></schema>", to: "s.pml")
    try folder.write("<prompt schema=\"s\"><m/>Who?</prompt>", to: "p.pml")
    let environment = server.environment().merging([
      "AWS_ENDPOINT_URL": "https://127.0.0.1:\(front.port)", "AWS_CA_BUNDLE": certificate, "PMLC_REMOTE": url,
    ]) { $1 }
    let warmed = try await PMLC.run(["warm", "s.pml", "--store", "one"], environment: environment, in: folder)
    #expect(warmed.standardOutput.contains("published as version 1"), "\(warmed)")
    let answered = try await PMLC.run(
      ["run", "p.pml", "--store", "two", "--max-tokens", "2"], environment: environment, in: folder)
    #expect(answered.status == 0 && !answered.standardError.contains("warning"), "\(answered)")
  }

  // MARK: - Proxies

  /// A host that nobody but a proxy finds.
  private static let hidden = "objects.invalid"

  @Test(arguments: ["http_proxy", "HTTP_PROXY"]) func proxy(_ variable: String) async throws {
    let (used, unused) = (try Front(proxyTo: server.port), try Front(proxyTo: server.port))
    var hidden = ["AWS_ENDPOINT_URL": "http://\(Self.hidden)", variable: "http://127.0.0.1:\(used.port)"]
    let found = try await list(hidden)
    #expect(found.status == 0, "\(found.standardError)")
    #expect(used.text.contains("get http://\(Self.hidden)/"))
    hidden[variable] = "http://127.0.0.1:\(unused.port)"
    for exception in ["no_proxy", "NO_PROXY"] {
      var environment = hidden
      environment["no_proxy"] = ""
      environment[exception] = Self.hidden
      #expect(try await list(environment).status == 2)
    }
    #expect(!unused.text.contains(Self.hidden))
  }

  @Test(arguments: ["https_proxy", "HTTPS_PROXY"]) func secureProxy(_ variable: String) async throws {
    let (certificate, key) = try certificate("hidden", for: "DNS:\(Self.hidden)")
    let front = try Front(of: server.port, certificate, key)
    let hidden = [
      "AWS_ENDPOINT_URL": "https://\(Self.hidden)", "AWS_CA_BUNDLE": certificate,
      variable: "http://127.0.0.1:\(front.port)",
    ]
    let found = try await list(hidden)
    #expect(found.status == 0, "\(found.standardError)")
    #expect(front.text.contains("connect \(Self.hidden):443"))
    #expect(try await list(hidden.merging(["no_proxy": ".invalid"]) { $1 }).status == 2)
  }

  // MARK: - A server that knows no conditions

  /// As many as warm at once publish one after the other all the same, and each says so to a server once.
  @Test func unconditional() async throws {
    let front = try Front(["unconditional", "\(server.port)"])
    let environment = server.environment(port: front.port).merging(["PMLC_REMOTE": url]) { $1 }
    for number in 0..<3 {
      let schema = "<schema name=\"s\">Answer.<module name=\"m\">Taki number \(number) is here.</module></schema>"
      try folder.write(schema, to: "\(number)/s.pml")
    }
    let versions = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<3 {
        group.addTask { [folder] in
          let warmed = try await PMLC.run(
            ["warm", "\(number)/s.pml", "--store", "\(number)/store"], environment: environment, in: folder)
          let version = try #require(warmed.standardOutput.firstMatch(of: /published as version (\d+)/), "\(warmed)")
          return try #require(Int(version.output.1))
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(versions == [1, 2, 3])
    let listed = try await PMLC.run(
      ["store", "ls", "--json", "--remote", url], environment: server.environment(), in: folder)
    #expect(versions.allSatisfy { listed.standardOutput.contains("\"number\":\($0)") }, "\(listed)")
    #expect(front.text.split(separator: "\n").filter { $0.hasPrefix("refused") }.count >= 3)
  }

  // MARK: - Another network

  /// A machine in a network of its own, which sees nothing but the server, answers from what one here has warmed.
  @Test func anotherNetwork() async throws {
    try folder.write("<schema name=\"s\">Answer.<module name=\"m\">Taki is here.</module></schema>", to: "s.pml")
    try folder.write("<prompt schema=\"s\"><m/>Who?</prompt>", to: "p.pml")
    let environment = server.environment().merging(["PMLC_REMOTE": url]) { $1 }
    let warmed = try await PMLC.run(["warm", "s.pml", "--store", "one"], environment: environment, in: folder)
    #expect(warmed.standardOutput.contains("published as version 1"), "\(warmed)")
    let question = ["run", "p.pml", "--json", "--max-tokens", "4", "--store"]
    let expected = try await PMLC.run(question + ["one"], environment: environment, in: folder)
    let apart = Process()
    apart.executableURL = URL(filePath: "/usr/bin/python3")
    apart.arguments =
      [Front.script, "apart", "\(server.port)", try PMLC.executable.path(percentEncoded: false)] + question + ["two"]
    apart.environment = environment.merging(["HOME": folder.path(""), "PATH": "/usr/bin:/bin"]) { $1 }
    apart.currentDirectoryURL = folder.url
    let output = Pipe()
    apart.standardOutput = output
    try apart.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    apart.waitUntilExit()
    // The system may give nobody a network without rights.
    if apart.terminationStatus == 77 { return }
    #expect(apart.terminationStatus == 0)
    #expect(try tokens(text) == tokens(expected.standardOutput))
  }

  private func tokens(_ text: String) throws -> [Int] {
    struct Answer: Decodable { let token_ids: [Int] }
    return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).token_ids
  }

  // MARK: - What is left of a dead process

  /// The core of a process that had keys in use holds none.
  @Test func core() async throws {
    // Elsewhere a program gets it, or it has another name.
    let pattern = try? String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)
    guard let pattern, pattern.hasPrefix("core") else { return }
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    guard limit.rlim_max > 1 << 30 else { return }
    let before = limit
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    defer {
      var before = before
      unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &before)
    }
    let relay = try FaultyRelay(to: server.port)
    relay.mode = .silent
    let running = try PMLC.start(
      ["store", "ls", "--remote", url], environment: server.environment(port: relay.port), in: folder)
    for _ in 0..<400 where relay.connectionCount == 0 { usleep(20_000) }
    try #require(relay.connectionCount > 0)
    // Of the signals that leave a core, one that neither Swift's runtime catches nor a shell ignores for what it starts.
    running.send(SIGXCPU)
    #expect(try await running.finish().status == 128 + SIGXCPU)
    let cores = folder.files().filter { $0.hasPrefix("core") }
    try #require(cores.count == 1, "\(folder.files())")
    let bytes = try #require(FileManager.default.contents(atPath: folder.path(cores[0])))
    #expect(bytes.count > 1000 && bytes.range(of: Data(ObjectServer.writer.secret.utf8)) == nil)
  }
}

/// What stands before a server, as `network.py` has it.
private final class Front {
  static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../tools/objects/network.py").standardizedFileURL.path(percentEncoded: false)

  let port: Int
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  convenience init(of target: Int, _ certificate: String, _ key: String) throws {
    try self.init(["tls", "\(target)", certificate, key])
  }

  convenience init(proxyTo target: Int) throws { try self.init(["proxy", "\(target)"]) }

  init(_ arguments: [String]) throws {
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [Self.script] + arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(Int(line.prefix { $0.isNumber }))
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// What it has written since it began to listen.
  var text: String {
    try? input.fileHandleForWriting.close()
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
