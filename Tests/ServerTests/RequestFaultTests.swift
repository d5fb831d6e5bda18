import Foundation
import Glibc
import JSONText
import TestSupport
import Testing

/// Requests that are wrong, too large, too slow or given up: a clear answer, and nobody else is disturbed.
@Suite struct RequestFaultTests {
  @Test func malformed() async throws {
    let server = try await RunningServer()
    let bodies = ["", "{", "[]", "null", "{\"messages\":[{}]}", "{\"messages\":{}}", "{\"messages\":[]}"]
    for body in bodies + ["{\"messages\":[{\"role\":\"user\",\"content\":7}]}", String(repeating: "[", count: 100_000)]
    {
      let answer = try await server.send("POST", "/v1/chat/completions", Array(body.utf8))
      #expect(answer.status == 400, "\(body.prefix(60)): \(answer.text)")
      #expect(try answer.json[path: "error", "type"] == "invalid_request_error")
    }
    let notText = try await server.send("POST", "/v1/chat/completions", [UInt8](arrayLiteral: 0x22, 0xFF, 0x22))
    #expect(notText.status == 400)
    #expect(try await server.get("/health").status == 200)
  }

  @Test func tooLarge() async throws {
    let server = try await RunningServer(["--max-body-bytes", "10000", "--max-prompt-tokens", "50"])
    let large = try await server.chat([
      "messages": [["role": "user", "content": .string(String(repeating: "x", count: 20_000))]]
    ])
    #expect(large.status == 413 && large.code == "body_too_large")
    let long = try await server.chat([
      "messages": [["role": "user", "content": .string(String(repeating: "word ", count: 500))]]
    ])
    #expect(long.status == 400 && long.code == "context_length_exceeded")
    #expect(try await server.chat(["messages": [["role": "user", "content": "x"]]]).status == 200)
  }

  /// Chunks that add up to more than a body may have, with no length said before.
  @Test func tooLargeInChunks() async throws {
    let server = try await RunningServer(["--max-body-bytes", "10000"])
    let connection = try Connection(to: server.port)
    try connection.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<20 { try? connection.send("3e8\r\n\(String(repeating: "x", count: 1000))\r\n") }
    #expect(connection.read(for: 10).hasPrefix("HTTP/1.1 413"))
  }

  @Test func tooSlow() async throws {
    let server = try await RunningServer(["--idle-seconds", "1"])
    let head = try Connection(to: server.port)
    try head.send("GET /health HT")
    let body = try Connection(to: server.port)
    try body.send("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    let idle = try Connection(to: server.port)
    #expect(body.read(for: 10).hasPrefix("HTTP/1.1 408"))
    // The others are closed.
    #expect(head.isClosed(within: 10) && idle.isClosed(within: 10))
    #expect(try await server.get("/health").status == 200)
  }

  @Test func noHTTP() async throws {
    let server = try await RunningServer()
    let connection = try Connection(to: server.port)
    try connection.send("\u{16}\u{3}\u{1}\u{2}\r\n\r\n")
    #expect(connection.read(for: 10).hasPrefix("HTTP/1.1 400"))
    #expect(try await server.get("/health").status == 200)
  }

  /// The answer to HEAD has no body, so that the next one on the connection is found.
  @Test func headsHaveNoBodies() async throws {
    let server = try await RunningServer()
    let connection = try Connection(to: server.port)
    try connection.send("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
    try connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let answers = connection.read(for: 10).components(separatedBy: "\r\n\r\n")
    try #require(answers.count == 3, "\(answers)")
    #expect(answers[0].hasPrefix("HTTP/1.1 200") && answers[0].contains("Content-Length: 15"))
    #expect(answers[1].hasPrefix("HTTP/1.1 200"))
    #expect(answers[2] == #"{"status":"ok"}"#)
  }

  @Test func hangingUpFreesThePlace() async throws {
    let server = try await RunningServer(["--parallel", "1", "--queue", "0", "--max-answer-tokens", "100000"])
    // An answer that does not end by itself: without the tokens that end one.
    let ends = try await server.post("/tokenize", ["content": "</s><|im_end|>"]).json[path: "tokens"]
    guard case .array(let tokens)? = ends else { return #expect(Bool(false), "no tokens") }
    let biases = tokens.compactMap(\.wholeNumber).map { "\"\($0)\":-100" }.joined(separator: ",")
    let connection = try Connection(to: server.port)
    let body =
      #"{"messages":[{"role":"user","content":"x"}],"max_tokens":7000,"temperature":2,"logit_bias":{"#
      + biases + "}}"
    try connection.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    _ = try await server.metrics(with: #"pmlc_requests_running{model="demo"} 1"#)
    let busy = try await server.chat(["messages": [["role": "user", "content": "y"]]])
    #expect(busy.status == 429 && busy.headers["retry-after"] != nil && busy.code == "queue_full")
    connection.close()
    var free = busy
    for _ in 0..<100 where free.status != 200 {
      try await Task.sleep(for: .milliseconds(20))
      free = try await server.chat(["messages": [["role": "user", "content": "y"]]])
    }
    #expect(free.status == 200)
  }

  /// A client that goes while it is found out which of its prompt's cached tokens are to be computed again.
  @Test func hangingUpEndsWhatAPromptIsPreparedFor() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      """
      <schema name="pair" attention="isolated"><module name="a">Alice has a red hat and a dog.</module>
      <module name="b">Bob has a blue hat and a cat.</module></schema>
      """, to: "pair.pml")
    #expect(try await PMLC.run(["warm", "pair.pml", "--store", "store"], in: folder).status == 0)
    let server = try await RunningServer(["--conversation-bytes", "0"], in: folder)
    let words = (0..<900).map { "w\($0)" }.joined(separator: " ")
    let request: [String: JSONValue] = [
      "pml": .string("<prompt schema='pair'><a/><b/><user>\(words)</user></prompt>"), "repair": 0.5,
    ]
    let whole = try await server.chat(request)
    #expect(whole.status == 200, "\(whole.text)")
    let body = String(decoding: JSONValue.object(request).canonicalBytes, as: UTF8.self)
    func answersInLog() -> [Substring] {
      server.process.standardError.split(separator: "\n").filter { $0.contains("/v1/chat/completions") }
    }
    // On a busy machine it may be answered before the client is gone: then once more.
    var ended: Substring?
    for _ in 0..<20 where ended == nil {
      let before = answersInLog().count
      let connection = try Connection(to: server.port)
      try connection.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
      let other: [String: JSONValue] = ["pml": "<prompt schema='pair'><a/>Who?</prompt>", "max_tokens": 1]
      #expect(try await server.chat(other).status == 200)
      connection.close()
      for _ in 0..<500 where answersInLog().count < before + 2 { try await Task.sleep(for: .milliseconds(10)) }
      // Nothing was computed for it that could be counted.
      ended = answersInLog().first { $0.contains("hung_up=true") && !$0.contains("completion_tokens") }
    }
    #expect(ended != nil, "\(server.process.standardError)")
  }

  @Test func thousandIdleConnections() async throws {
    let server = try await RunningServer(["--idle-seconds", "30"])
    let connections = try (0..<900).map { _ in try Connection(to: server.port) }
    #expect(try await server.chat(["messages": [["role": "user", "content": "x"]]]).status == 200)
    withExtendedLifetime(connections) {}
  }

  @Test func noMoreTimeThanARequestMayTake() async throws {
    let server = try await RunningServer(["--request-seconds", "1", "--max-answer-tokens", "100000"])
    let whole = try await server.chat([
      "messages": [["role": "user", "content": "x"]], "max_tokens": 8000, "logit_bias": ["2": -100],
      "n": 8, "temperature": 2,
    ])
    #expect(whole.status == 408 || whole.status == 200)
    #expect(try await server.chat(["messages": [["role": "user", "content": "x"]]]).status == 200)
  }
}

/// A connection, byte by byte.
final class Connection {
  private let socket: Int32
  private(set) var isClosed = false

  struct Failed: Error {}

  init(to port: Int) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failed() }
  }

  deinit { close() }

  func close() { if !isClosed { _ = Glibc.close(socket) }; isClosed = true }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard unsafe Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw Failed()
    }
  }

  /// What comes within some seconds, until the other end closes.
  func read(for seconds: Int) -> String {
    var timeout = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe recv(socket, &part, part.count, 0)
      guard count > 0 else {
        isClosed = count == 0 || errno == ECONNRESET
        return String(decoding: bytes, as: UTF8.self)
      }
      bytes += part.prefix(count)
    }
  }

  /// Whether the other end closes within some seconds.
  func isClosed(within seconds: Int) -> Bool {
    _ = read(for: seconds)
    return isClosed
  }
}
