// The other process of the store's tests: one that is killed, waits, fills a disk, or may not do what it tries.
// Its first argument says which part it plays; what it has to say goes to standard output, line by line.
import Glibc
import Store
import StoreTestSupport

var arguments = CommandLine.arguments.dropFirst()
var next: String { arguments.popFirst() ?? "" }

// What it is before it plays its part: another user, one with a mask for new files, short of address space.
conditions: while true {
  switch arguments.first {
  case "as":
    _ = next
    guard let user = UInt32(next), setgid(user) == 0, setuid(user) == 0 else { fatalError("cannot become that user") }
  case "masked":
    _ = next
    umask(UInt32(next, radix: 8) ?? 0)
  case "limited":
    _ = next
    let byteCount = rlim_t(next) ?? 0
    var limit = rlimit(rlim_cur: byteCount, rlim_max: byteCount)
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
      fatalError("cannot be limited")
    }
  default: break conditions
  }
}
do throws(StoreError) {
  switch next {
  case "write":
    var writer = try Writer(at: next, seed: UInt64(next) ?? 0)
    try writer.run(rounds: Int(next) ?? .max)
  case "open": try open(at: next)
  case "read": try read(at: next)
  case "hold": try hold(at: next)
  case "lease": try lease(at: next, schema: next, number: Int(next) ?? 0)
  case "write-slowly": try writeSlowly(at: next, milliseconds: UInt32(next) ?? 0)
  case "fill": try fill(at: next)
  case "write-one": try writeOne(at: next, memo: next)
  case "import": importExport(into: next, from: next)
  case "touch": try touch(at: next, encodings: Int(next) ?? 0, tokens: Int(next) ?? 0)
  default: fatalError("no such part")
  }
} catch {
  say("error: \(error.message)")
  exit(2)
}
