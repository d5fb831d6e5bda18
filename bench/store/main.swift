// store-bench [--folder DIR] [lookup|opening|writing|reading|sharing|holding]…: what the store costs, as Markdown.
//
// The folder, on the disk to be measured, takes about 3 GB; what is made in it is removed again.
import Foundation
import Store

var arguments = CommandLine.arguments.dropFirst()
if arguments.first == "touch" {
  try Sharing.touch(at: arguments[arguments.startIndex + 1])
}
var folder = FileManager.default.currentDirectoryPath
if arguments.first == "--folder" {
  arguments.removeFirst()
  folder = arguments.popFirst() ?? folder
}
let scratch = try Scratch(in: folder)
let parts: [(name: String, run: (Scratch) throws -> Void)] = [
  ("lookup", Lookup.run), ("opening", Opening.run), ("writing", Writing.run), ("reading", Reading.run),
  ("sharing", Sharing.run), ("holding", Holding.run),
]
for part in parts where arguments.isEmpty || arguments.contains(part.name) {
  try part.run(scratch)
  print()
}
