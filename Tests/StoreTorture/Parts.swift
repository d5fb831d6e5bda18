import Glibc
import Store
import StoreTestSupport

/// Prints a line at once.
func say(_ line: String) {
  let bytes = Array("\(line)\n".utf8)
  let written = unsafe write(STDOUT_FILENO, bytes, bytes.count)
  precondition(written == bytes.count, "nobody listens")
}

/// Opens the store, for reading alone if that is all it may, and says what is there.
func open(at path: String) throws(StoreError) {
  let store = try StateStore(at: path)
  try store.write { (batch) throws(StoreError) in try batch.setMemo("opened", [1]) }
  say("opened")
}

/// Opens the store for reading alone, and says what is there.
func see(at path: String) throws(StoreError) {
  let store = try StateStore(at: path, options: StoreOptions(readOnly: true))
  say(try store.snapshot().memo("opened") == [1] ? "seen" : "nothing")
  say(try store.verify().isSound ? "sound" : "damaged")
}

/// Opens the store, which may have `limit` bytes, and says how large its map is.
func map(at path: String, limit: Int) throws(StoreError) {
  say("\(try StateStore(at: path, options: StoreOptions(maximumBytes: limit)).statistics().mapByteCount)")
}

/// Looks at version after version, without end, and ends with an error if one is not whole.
func read(at path: String) throws(StoreError) {
  let store = try StateStore(at: path, options: StoreOptions(readOnly: true))
  say("ready")
  while true {
    let snapshot = try store.snapshot()
    for number in 0..<Writer.schemas {
      guard let version = try snapshot.newestVersion(model: Sample.model, schema: "s\(number)") else { continue }
      for label in version.labels {
        for layer in 0..<Writer.layers {
          let key = Sample.key(label, layer: layer)
          guard let blob = try snapshot.blob(key, expecting: Sample.layout(Writer.tokens(label))), blob.isSample(key)
          else {
            say("error: version \(version.number) of \(version.schema) lacks \(label), layer \(layer)")
            exit(1)
          }
        }
      }
    }
    say("whole")
  }
}

/// Keeps a snapshot open until it is killed.
func hold(at path: String) throws(StoreError) {
  let snapshot = try StateStore(at: path).snapshot()
  say("ready")
  withExtendedLifetime(snapshot) { waitForEver() }
}

/// Says that it uses a version until it is killed.
func lease(at path: String, schema: String, number: Int) throws(StoreError) {
  let lease = try StateStore(at: path).lease(VersionName(model: Sample.model, schema: schema, number: number))
  say("ready")
  withExtendedLifetime(lease) { waitForEver() }
}

/// Takes a lease of the oldest version again and again, and says of each whether the version was still there, and then stayed.
func leaseOften(at path: String, rounds: Int) throws(StoreError) {
  let store = try StateStore(at: path)
  say("ready")
  for round in 0..<rounds {
    // Whoever collects finds the version free at times, and leases begin at any moment of a collection.
    usleep(UInt32(round * 137 % 3000))
    guard let oldest = try store.snapshot().versions().first else { continue }
    let lease = try store.lease(oldest.name)
    var isThere = try store.snapshot().isWhole(oldest)
    guard isThere else {
      say("gone")
      continue
    }
    for _ in 0..<20 where isThere {
      usleep(200)
      isThere = try store.snapshot().isWhole(oldest)
    }
    withExtendedLifetime(lease) { say(isThere ? "kept" : "lost") }
  }
}

extension Snapshot {
  /// Whether a version is there with all its encodings.
  fileprivate func isWhole(_ version: VersionRecord) throws(StoreError) -> Bool {
    guard try versions(model: version.model, schema: version.schema).contains(version) else { return false }
    for key in version.encodingKeys where try !contains(key, layers: 2) { return false }
    return true
  }
}

/// Takes its time over one transaction.
func writeSlowly(at path: String, milliseconds: UInt32) throws(StoreError) {
  try StateStore(at: path).write { (batch) throws(StoreError) in
    try batch.setMemo("slowly", [1])
    say("ready")
    usleep(milliseconds * 1000)
  }
}

/// Writes until there is no more room.
func fill(at path: String) throws(StoreError) {
  let store = try StateStore(at: path)
  for number in 0..<1000 {
    try store.write { (batch) throws(StoreError) in try batch.putSample(Sample.key("\(number)"), tokens: 1000) }
    say("\(number)")
  }
}

/// Writes a memo, and says whom it waited for.
func writeOne(at path: String, memo: String) throws(StoreError) {
  let options = StoreOptions(onWait: { _ in say("waiting") })
  try StateStore(at: path, options: options).write { (batch) throws(StoreError) in try batch.setMemo(memo, [1]) }
  say("written")
}

/// Reads every byte of so many encodings, and keeps them until it is killed.
func touch(at path: String, encodings: Int, tokens: Int) throws(StoreError) {
  let snapshot = try StateStore(at: path, options: StoreOptions(readOnly: true)).snapshot()
  var blobs: [Blob] = []
  for number in 0..<encodings {
    let key = Sample.key("\(number)")
    guard let blob = try snapshot.blob(key, expecting: Sample.layout(tokens)), blob.isSample(key) else { exit(1) }
    blobs.append(blob)
  }
  say("ready")
  withExtendedLifetime(blobs) { waitForEver() }
}

private func waitForEver() {
  while true { pause() }
}

/// Takes an export in, and says what came of it, and how many megabytes of memory it took at most.
func importExport(into path: String, from file: String) {
  do throws(StoreError) {
    let report = try StateStore(at: path).importVersions(fromFile: file)
    say("\(report.versions.count) versions")
  } catch {
    say("error: \(error.message)")
  }
  // What getrusage says is that of the process before it ran this program, if that was more.
  var status = [UInt8](repeating: 0, count: 4096)
  let descriptor = unsafe Glibc.open("/proc/self/status", O_RDONLY)
  let count = unsafe Glibc.read(descriptor, &status, status.count)
  let text = String(decoding: status.prefix(max(count, 0)), as: UTF8.self)
  let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
  let kilobytes = line.split { !$0.isNumber }.first.flatMap { Int($0) } ?? .max
  say("memory: \(kilobytes >> 10)")
}
