import Jinja
import Testing

/// Templates come from strangers: none may hang, take all memory, or end the process.
@Suite struct BoundsTests {
  private func render(_ template: String) throws -> String { try Template(template).render([:]).text }

  @Test(
    arguments: [
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
      "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
      "{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
      "{{ 'x' * 999999999999 }}", "{{ [1] * 9223372036854775807 }}", "{{ range(9223372036854775807) | list }}",
      "{{ 2 ** 9223372036854775807 }}", "{{ -9223372036854775807 - 2 }}", "{{ (-9223372036854775807 - 1) // -1 }}",
      "{{ 1 | round(999999999) }}", "{{ 'x' | indent(999999999999) }}", "{{ 'x'.ljust(999999999999) }}",
      "{{ {} | tojson(indent=999999999999) }}", "{{ 99999999999999999999 }}", "{{ 1e30 | int + 1e30 | int - 'x' }}",
      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "{{ [1, 2] | batch(0) }}",
      "{{ ('a' * 1000) | map('upper') | map('upper') | list | batch(1, 0) | sort | unique | nosuch }}",
      "{{ '%999999999d' % 1 }}", "{{ '{' .format() }}", "{{ [1][9223372036854775807].x }}",
    ])
  func hostileTemplatesFail(template: String) {
    #expect(throws: TemplateError.self) { try render(template) }
  }

  @Test(arguments: ["(", "[", "{'a':", "not ", "-", "{% if x %}", "{{ a[", "{% for a in b %}"])
  func deepNestingFails(opening: String) {
    let template =
      (opening.hasPrefix("{") && opening.hasSuffix("}") ? "" : "{{ ") + String(repeating: opening, count: 100_000)
    #expect(throws: TemplateError.self) { try render(template) }
  }

  @Test func slicesTakeAnyBounds() throws {
    #expect(try render("{{ [1, 2, 3][-9223372036854775807:9223372036854775807] }}") == "[1, 2, 3]")
    #expect(try render("{{ [1, 2, 3][::9223372036854775807] }}") == "[1]")
    #expect(try render("{{ [1, 2, 3][::-9223372036854775807] }}") == "[3]")
  }

  @Test func whatIsWrittenIsBounded() throws {
    let template = try Template("{% for i in range(100) %}0123456789{% endfor %}")
    #expect(throws: TemplateError.tooLong(limit: 999)) {
      try template.render([:], limits: RenderingLimits(characters: 999))
    }
    #expect(try template.render([:], limits: RenderingLimits(characters: 1000)).count == 1000)
  }

  @Test func problemsNameTheirLine() {
    #expect(throws: TemplateError.failed("division by zero", line: 3)) { try render("a\nb\n{{ 1 / 0 }}") }
    #expect(throws: TemplateError.syntax("there is no block `nosuch` in chat templates", line: 2)) {
      try render("a\n{% nosuch %}")
    }
    #expect(throws: TemplateError.refused("no system role")) { try render("{{ raise_exception('no system role') }}") }
  }
}
