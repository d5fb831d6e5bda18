import Foundation
import FoundationNetworking
import JSONText
import TestSupport
import Testing

/// A server on a port of its own, with a store of its own, started as its users start it.
final class RunningServer: Sendable {
  /// A schema that the store has.
  static let city = """
    <schema name="city"><system>You answer questions about cities.</system>
    <union><module name="lisbon">Lisbon is the capital of Portugal. It lies at the mouth of the Tagus.</module>
    <module name="porto">Porto is the second city of Portugal, on the Douro.</module></union></schema>
    """

  let folder: TemporaryFolder
  let process: RunningPMLC
  let port: Int

  /// Starts one and waits until it is ready.
  ///
  /// - Parameters:
  ///   - options: beside the port and the store.
  ///   - folder: whose `store` it has; one with the schema `city` if left out.
  ///   - environment: added to its environment.
  init(
    _ options: [String] = [], in folder: TemporaryFolder? = nil, environment: [String: String] = [:]
  ) async throws {
    self.folder = if let folder { folder } else { try await Self.warmedFolder() }
    process = try PMLC.start(
      ["serve", "--port", "0", "--store", "store", "--idle-seconds", "5"] + options, environment: environment,
      in: self.folder)
    port = try await Self.port(of: process)
    for _ in 0..<6000 {
      if try await get("/readyz").status == 200 { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw NotReady(log: process.standardError)
  }

  deinit { process.kill() }

  struct NotReady: Error {
    let log: String
  }

  /// A folder with a store that has the schema `city`.
  static func warmedFolder(_ options: [String] = []) async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(city, to: "city.pml")
    let warming = try await PMLC.run(["warm", "city.pml", "--store", "store"] + options, in: folder)
    try #require(warming.status == 0, "\(warming.standardError)")
    return folder
  }

  private static func port(of process: RunningPMLC) async throws -> Int {
    for _ in 0..<6000 {
      if let port = process.standardOutput.firstMatch(of: /listening on \S+:(\d+)\n/).flatMap({ Int($0.output.1) }) {
        return port
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw NotReady(log: process.standardError)
  }

  /// Lines of its log that contain `text`: the line of a request is written behind its answer, so it is waited for.
  func logged(_ text: String) async throws -> [Substring] {
    for _ in 0..<1000 {
      let lines = process.standardError.split(separator: "\n").filter { $0.contains(text) }
      if !lines.isEmpty { return lines }
      try await Task.sleep(for: .milliseconds(10))
    }
    return []
  }

  /// Its metrics, as soon as they have a line that begins with `text`: a request is counted behind its answer.
  func metrics(with text: String) async throws -> String {
    var metrics = ""
    for _ in 0..<1000 {
      metrics = try await get("/metrics").text
      if metrics.split(separator: "\n").contains(where: { $0.hasPrefix(text) }) { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    return metrics
  }

  /// What a server answered.
  struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    var json: JSONValue {
      get throws { try JSONValue(parsing: body) }
    }

    /// The `code` of an error.
    var code: String? {
      guard case .string(let code)? = (try? json)?[key: "error"]?[key: "code"] else { return nil }
      return code
    }

    /// The values of a stream's events, in order.
    var events: [String] {
      text.split(separator: "\n\n").compactMap { $0.hasPrefix("data: ") ? String($0.dropFirst(6)) : nil }
    }
  }

  func get(_ path: String, key: String? = nil) async throws -> Answer {
    try await send("GET", path, nil, key: key)
  }

  func post(_ path: String, _ json: JSONValue, key: String? = nil) async throws -> Answer {
    try await send("POST", path, json.canonicalBytes, key: key)
  }

  func send(
    _ method: String, _ path: String, _ body: [UInt8]?, key: String? = nil, headers: [String: String] = [:]
  ) async throws -> Answer {
    let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
    var request = URLRequest(url: url, timeoutInterval: 60)
    request.httpMethod = method
    request.httpBody = body.map { Data($0) }
    if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    let (data, response) = try await URLSession.shared.data(for: request)
    let found = try #require(response as? HTTPURLResponse)
    var fields: [String: String] = [:]
    for (name, value) in found.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
    return Answer(status: found.statusCode, headers: fields, body: Array(data))
  }

  /// A greedy chat.
  func chat(_ members: [String: JSONValue], key: String? = nil) async throws -> Answer {
    var body: [String: JSONValue] = ["temperature": 0, "max_tokens": 8]
    body.merge(members) { _, new in new }
    return try await post("/v1/chat/completions", .object(body), key: key)
  }
}

extension JSONValue {
  /// The member of an object, or the element of an array, at the end of a path.
  subscript(path path: any Sendable...) -> JSONValue? {
    var value: JSONValue? = self
    for step in path {
      switch (step, value) {
      case (let name as String, _): value = value?[key: name]
      case (let index as Int, .array(let elements)?): value = elements.indices.contains(index) ? elements[index] : nil
      default: return nil
      }
    }
    return value
  }
}
