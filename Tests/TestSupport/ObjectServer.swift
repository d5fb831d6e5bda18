import Foundation
import Glibc
import Synchronization

/// A server with Amazon S3's interface on loopback, for tests. `PMLC_OBJECT_SERVER` names its program: SeaweedFS's `weed`
/// (which `scripts/python objects` brings), or OpenStack Swift's `swift-proxy-server` (`scripts/openstack-swift`). All tests
/// of a process share one; each takes a prefix of its own.
public final class ObjectServer: Sendable {
  /// A pair of keys that the server knows.
  public struct Keys: Sendable {
    /// The public part.
    public let access: String
    /// The part that must be seen nowhere.
    public let secret: String

    /// A pair of keys.
    public init(access: String, secret: String) {
      self.access = access
      self.secret = secret
    }
  }

  /// Keys that may do everything. An account of OpenStack Swift is part of the name.
  public static let writer = Keys(access: "states:writer", secret: "wSeCrEt" + "0123456789abcdef")
  /// Keys that may read and list, and no more.
  public static let reader = Keys(access: "states:reader", secret: "rSeCrEt" + "0123456789abcdef")
  /// The bucket that is there.
  public static let bucket = "states"

  /// Whether this process was told of a server.
  public static var isAvailable: Bool { program != nil }

  /// Port of the interface.
  public let port: Int

  private let folder: TemporaryFolder
  private let program: String
  private let ports: [Int]
  private let running = Mutex<Running?>(nil)

  private struct Running: @unchecked Sendable {
    // Both are used under the lock alone.
    let process: Process
    let input: Pipe
  }

  private static let started = Mutex<ObjectServer?>(nil)
  private static var program: String? { ProcessInfo.processInfo.environment["PMLC_OBJECT_SERVER"] }

  /// The server of this process, which is started by the first call.
  public static var shared: ObjectServer {
    get throws {
      try started.withLock { server in
        if let server { return server }
        let new = try ObjectServer()
        server = new
        return new
      }
    }
  }

  /// Starts one and waits until it answers.
  public init() throws {
    guard let program = Self.program else { throw NotThere(log: "PMLC_OBJECT_SERVER is not set") }
    folder = try TemporaryFolder()
    var ports: [Int] = []
    while ports.count < 5 { ports.append(try Self.freePort(besides: ports)) }
    port = ports[0]
    try folder.write(
      """
      {"identities":[
      {"name":"writer","credentials":[{"accessKey":"\(Self.writer.access)","secretKey":"\(Self.writer.secret)"}],
      "actions":["Admin","Read","Write","List"]},
      {"name":"reader","credentials":[{"accessKey":"\(Self.reader.access)","secretKey":"\(Self.reader.secret)"}],
      "actions":["Read:\(Self.bucket)","List:\(Self.bucket)"]}]}
      """, to: "keys.json")
    self.program = program
    self.ports = ports
    try restart()
  }

  deinit { kill() }

  /// Ends it at once. What it was told to keep is on the disk.
  public func kill() {
    running.withLock { running in
      try? running?.input.fileHandleForWriting.close()
      running?.process.waitUntilExit()
      running = nil
      usleep(300_000)
    }
  }

  /// Starts it again where it was, and waits until it answers.
  public func restart() throws {
    let (process, input) = (Process(), Pipe())
    process.arguments = isOpenStackSwift ? openStackSwift(process) : seaweedFS(process)
    process.currentDirectoryURL = folder.url
    process.standardInput = input
    // Whoever reads this process's output must not wait for that one.
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try? FileManager.default.removeItem(atPath: folder.path("ready"))
    try process.run()
    running.withLock { $0 = Running(process: process, input: input) }
    for _ in 0..<1200 where process.isRunning {
      if try isReady() { return }
      usleep(100_000)
    }
    throw NotThere(
      log: String(decoding: (try? Data(contentsOf: folder.url.appending(path: "log"))) ?? Data(), as: UTF8.self))
  }

  private func isReady() throws -> Bool {
    if isOpenStackSwift { return FileManager.default.fileExists(atPath: folder.path("ready")) }
    return try isSeaweedFSReady()
  }

  // MARK: - SeaweedFS

  private func seaweedFS(_ process: Process) -> [String] {
    process.executableURL = URL(filePath: "/bin/sh")
    // It ends with whoever holds the other end of its standard input.
    return [
      "-c",
      """
      "$0" server -dir=. -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.port=\(ports[1]) -volume.port=\(ports[2]) \
      -filer.port=\(ports[3]) -s3 -s3.port=\(port) -s3.port.iceberg=0 -s3.port.lance=0 -s3.config=keys.json \
      -volume.max=40 -master.volumeSizeLimitMB=64 -master.telemetry=false >>log 2>&1 </dev/null &
      read line; kill -9 $!
      """, program,
    ]
  }

  private func isSeaweedFSReady() throws -> Bool {
    // A bucket is a folder of its file system.
    try [201, 409].contains(status("POST", "http://127.0.0.1:\(ports[3])/buckets/\(Self.bucket)/"))
      && status("GET", "http://127.0.0.1:\(port)/") == 403
      // What it had before can be read only once its volumes are known again, as can what is new.
      && status("PUT", "http://127.0.0.1:\(ports[3])/ready", sending: "ready") == 201
      && status("GET", "http://127.0.0.1:\(ports[3])/ready") == 200
  }

  // MARK: - OpenStack Swift

  private var isOpenStackSwift: Bool { program.hasSuffix("/swift-proxy-server") }

  private func openStackSwift(_ process: Process) -> [String] {
    process.executableURL = URL(filePath: "/usr/bin/python3")
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../tools/objects/openstack_swift.py").standardizedFileURL.path(percentEncoded: false)
    // Its programs are in ROOT/usr/bin.
    let root = URL(filePath: program).appending(path: "../../..").standardizedFileURL.path(percentEncoded: false)
    return [script, root, folder.path(""), Self.bucket] + ports.map { "\($0)" }
  }

  /// The server did not start.
  public struct NotThere: Error {
    /// What it wrote.
    public let log: String
  }

  /// What tells a program of ours where the server is and how to sign.
  public func environment(_ keys: Keys = writer, port: Int? = nil) -> [String: String] {
    [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port ?? self.port)", "AWS_ACCESS_KEY_ID": keys.access,
      "AWS_SECRET_ACCESS_KEY": keys.secret, "AWS_REGION": "us-east-1", "no_proxy": "127.0.0.1",
    ]
  }

  private func status(_ method: String, _ url: String, sending body: String? = nil) throws -> Int {
    let curl = Process()
    curl.executableURL = URL(filePath: "/usr/bin/env")
    curl.arguments = [
      "curl", "-s", "--noproxy", "*", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, url,
    ]
    if let body { curl.arguments?.append(contentsOf: ["--data-binary", body]) }
    let output = Pipe()
    curl.standardOutput = output
    try curl.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    curl.waitUntilExit()
    return Int(text) ?? 0
  }

  /// A port that is free, and the one 10,000 above it, which SeaweedFS takes too.
  private static func freePort(besides taken: [Int]) throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: 20_000..<32_000)
      if !taken.contains(port), LocalSocket.isFree(port), LocalSocket.isFree(port + 10_000) { return port }
    }
    throw NotThere(log: "no free port")
  }
}
