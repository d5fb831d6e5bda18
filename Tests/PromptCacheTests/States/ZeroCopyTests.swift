import Foundation
import PromptCache
import TestSupport
import Testing

/// The kernel is given addresses in the store's map: nothing of a blob is copied on the way.
@Suite struct ZeroCopyTests {
  /// Where this process has the database of a store mapped.
  private func mappings(of file: String) throws -> [Range<UInt>] {
    try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n").compactMap { line in
      guard line.hasSuffix(file), let range = line.split(separator: " ").first else { return nil }
      let bounds = range.split(separator: "-").compactMap { UInt($0, radix: 16) }
      return bounds.count == 2 ? bounds[0]..<bounds[1] : nil
    }
  }

  @Test(arguments: KVElement.allCases) func theKernelReadsTheMap(element: KVElement) throws {
    let fixture = try Fixture()
    let schema = try fixture.schema(chain)
    try fixture.warm(schema, as: element)
    let layout = try fixture.layout(chainPrompt, of: schema)
    let prompt = try fixture.session.prepare(layout, of: schema, element: element)
    #expect(prompt.attended.count >= 4)

    let maps = try mappings(of: fixture.folder.path("store/data.mdb"))
    try #require(!maps.isEmpty)
    let shape = try fixture.engine.kvShape
    for segment in prompt.attended.map(\.segment) {
      for layer in 0..<shape.layers {
        for head in 0..<shape.heads {
          // What `ck_attention` is called with.
          let keys = unsafe UInt(bitPattern: segment.keys(layer: layer, head: head))
          let values = unsafe UInt(bitPattern: segment.values(layer: layer, head: head))
          for address in [keys, values] {
            #expect(maps.contains { $0.contains(address) })
            if head == 0 { #expect(address.isMultiple(of: 64)) }
          }
        }
      }
    }
  }
}
