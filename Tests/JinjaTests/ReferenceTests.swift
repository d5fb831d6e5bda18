import Foundation
import JSONText
import Jinja
import Testing

/// What `jinja2` under the settings of `transformers` gives (`tools/jinja/render_cases.py`).
@Suite struct ReferenceTests {
  private static let fixture: JSONValue = {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/cases.json")
    return (try? JSONValue(parsing: Array(Data(contentsOf: file)))) ?? .null
  }()

  struct Case: CustomTestStringConvertible, Sendable {
    let template: String
    let variables: [String: TemplateValue]
    /// `nil` where rendering fails.
    let output: String?
    var hasClock = false

    var testDescription: String { template }
  }

  static let cases: [Case] = {
    let pairs = fixture[key: "variables"]?.pairs ?? []
    let variables = Dictionary(pairs.map { ($0.key, $0.value) }) { $1 }
    return (fixture[key: "cases"]?.elements ?? []).compactMap { entry in
      entry[key: "template"]?.string.map {
        Case(template: $0, variables: variables, output: entry[key: "output"]?.string)
      }
    }
  }()

  static let chats: [Case] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../tools/jinja/templates").standardized
    return (fixture[key: "chats"]?.elements ?? []).compactMap { entry in
      guard let name = entry[key: "name"]?.string, let messages = entry[key: "messages"],
        let template = try? String(contentsOf: folder.appending(path: "\(name).jinja"), encoding: .utf8)
      else { return nil }
      var variables: [String: TemplateValue] = [
        "messages": messages.templateValue, "bos_token": .trusted("<s>"), "eos_token": .trusted("</s>"),
        "tools": .none, "documents": .none,
      ]
      variables["add_generation_prompt"] = entry[key: "prompt"]?.templateValue
      return Case(
        template: template, variables: variables, output: entry[key: "output"]?.string,
        hasClock: entry[key: "clock"] == .bool(true))
    }
  }()

  /// The second of January 2026, in the formats that the templates use.
  private static let clock: @Sendable (String) -> String = { format in
    ["%d %b %Y": "02 Jan 2026", "%d %B %Y": "02 January 2026", "%B %d, %Y": "January 02, 2026"][format] ?? "?"
  }

  @Test func theFixtureIsThere() {
    #expect(Self.cases.count > 300)
    #expect(Self.chats.count > 300)
  }

  @Test(arguments: cases + chats)
  func outputsAreTheSame(reference: Case) throws {
    func render() throws -> String {
      try Template(reference.template).render(reference.variables, clock: reference.hasClock ? Self.clock : nil).text
    }
    if let output = reference.output {
      #expect(try render() == output)
    } else {
      #expect(throws: TemplateError.self) { try render() }
    }
  }
}

extension JSONValue {
  fileprivate var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
  fileprivate var string: String? { if case .string(let text) = self { text } else { nil } }

  /// A mapping's keys with their values, in order.
  fileprivate var pairs: [(key: String, value: TemplateValue)] {
    let keys = self[key: "keys"]?.elements.compactMap(\.string) ?? []
    return Array(zip(keys, self[key: "values"]?.elements.map(\.templateValue) ?? [])).map { (key: $0.0, value: $0.1) }
  }

  fileprivate var templateValue: TemplateValue {
    switch self {
    case .null: .none
    case .bool(let value): .bool(value)
    case .integer(let value): .int(value)
    case .number(let value): .double(value)
    case .string(let text): .message(text)
    case .array(let elements): .list(elements.map(\.templateValue))
    case .object: .mapping(pairs)
    }
  }
}
