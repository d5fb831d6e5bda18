import Glibc
import Store

/// Plays the part that `arguments` name.
///
/// - Returns: the exit status.
func play(_ arguments: [String]) -> Int32 {
  var arguments = arguments[...]
  var next: String { arguments.popFirst() ?? "" }
  do throws(StoreError) {
    switch next {
    case "write":
      var writer = try Writer(at: next, seed: UInt64(next) ?? 0)
      try writer.run(rounds: Int(next) ?? .max)
    case "open": try open(at: next)
    case "see": try see(at: next)
    case "map": try map(at: next, limit: Int(next) ?? 0)
    case "read": try read(at: next)
    case "hold": try hold(at: next)
    case "lease": try lease(at: next, schema: next, number: Int(next) ?? 0)
    case "lease-often": try leaseOften(at: next, rounds: Int(next) ?? 0)
    case "write-slowly": try writeSlowly(at: next, milliseconds: UInt32(next) ?? 0)
    case "fill": try fill(at: next)
    case "write-one": try writeOne(at: next, memo: next)
    case "import": importExport(into: next, from: next)
    case "touch": try touch(at: next, encodings: Int(next) ?? 0, tokens: Int(next) ?? 0)
    default: fatalError("no such part")
    }
    return 0
  } catch {
    say("error: \(error.message)")
    return 2
  }
}

/// The same in another thread.
func inThread(_ arguments: [String]) -> Int32 {
  final class Task {
    let arguments: [String]
    var status: Int32 = -1
    init(_ arguments: [String]) { self.arguments = arguments }
  }
  let task = Task(arguments)
  let context = unsafe Unmanaged.passUnretained(task).toOpaque()
  var thread = pthread_t()
  let code = unsafe pthread_create(
    &thread, nil,
    { context in
      guard let context = unsafe context else { return nil }
      let task = unsafe Unmanaged<Task>.fromOpaque(context).takeUnretainedValue()
      task.status = play(task.arguments)
      return nil
    }, context)
  guard code == 0 else { fatalError("no thread") }
  pthread_join(thread, nil)
  return task.status
}

/// Bytes of this process's address space that are taken.
func ownAddressSpace() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  guard unsafe fgets(&line, Int32(line.count), file) != nil else { return 0 }
  return unsafe strtol(line, nil, 10) * Int(getpagesize())
}

func limitAddressSpace(to byteCount: Int) {
  var limit = rlimit(rlim_cur: rlim_t(byteCount), rlim_max: rlim_t(byteCount))
  guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { fatalError("cannot be limited") }
}
