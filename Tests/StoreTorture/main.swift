// The other process of the store's tests: one that is killed, waits, fills a disk, or may not do what it tries.
// Its first argument says which part it plays; what it has to say goes to standard output, line by line.
import Glibc
import Store
import StoreTestSupport

var arguments = CommandLine.arguments.dropFirst()
var next: String { arguments.popFirst() ?? "" }

// What it is before it plays its part: another user, one with a mask for new files, short of address space (by a limit,
// or so that no thread gets memory of its own for its allocations).
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
    limitAddressSpace(to: Int(next) ?? 0)
  case "threaded":
    _ = next
    limitAddressSpace(to: ownAddressSpace() + (48 << 20))
    exit(inThread(Array(arguments)))
  default: break conditions
  }
}
exit(play(Array(arguments)))
