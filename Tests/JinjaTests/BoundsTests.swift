import Jinja
import Testing

/// Templates come from strangers: none may hang, take all memory, or end the process.
@Suite struct BoundsTests {
  private func render(_ template: String) throws -> String { try Template(template).render([:]).text }

  private static let hostile = [
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
    // Made of parts that are each small.
    "{{ range(99999) | join('x' * 1000000) }}", "{{ ('x' * 1000000).replace('', 'y' * 1000000) }}",
    "{{ ('x' * 1000000).join(range(99999) | map('string')) }}", "{{ ('%s' * 100000) % ('x' * 1000000) }}",
    "{{ ('{0}' * 100000).format('x' * 1000000) }}", "{{ ('x\n' * 400000) | indent('y' * 1000000) }}",
    "{{ [[[[1] * 1000] * 1000] * 1000] * 1000 }}", "{{ [[[1] * 1000] * 1000] * 1000 | tojson }}",
    "{{ [['x' * 9] * 9999] * 9999 | tojson(indent='y' * 9999) }}",
    "{% set x = [[[1] * 1000] * 1000] * 1000 %}{{ x == x }}",
    "{% set x = [[[1] * 1000] * 1000] * 1000 %}{{ 1 in x }}",
    // Work that a step hides.
    "{% set x = 'x' * 1000000 %}{% for i in range(99999) %}{{ {}[x] }}{% endfor %}",
    "{% set x = 'x' * 1000000 %}{% for i in range(99999) %}{% if x == x %}{% endif %}{% endfor %}",
    "{% set x = 'x' * 1000000 %}{% for i in range(99999) %}{% set y = x | first %}{% endfor %}",
    "{% set x = [1] * 1000000 %}{% for i in range(99999) %}{% for y in x %}{% break %}{% endfor %}{% endfor %}",
    "{% set x = 'x' * 1000000 %}{% for i in range(99999) %}{% if x is upper %}{% endif %}{% endfor %}",
    // Trees that a recursion would go down.
    "{{ 1" + String(repeating: "+1", count: 20_000) + " }}",
    "{{ x" + String(repeating: ".x", count: 20_000) + " }}",
    "{{ 1" + String(repeating: "|int", count: 20_000) + " }}",
    "{{ 1" + String(repeating: " is defined", count: 20_000) + " }}",
    "{{ 1" + String(repeating: " or 1", count: 20_000) + " }}",
    "{{ 1" + String(repeating: "**1", count: 20_000) + " }}",
    "{{ 1" + String(repeating: " if 1", count: 20_000) + " }}",
    "{{ x" + String(repeating: "[0]", count: 20_000) + " }}",
    "{% macro f() %}" + String(repeating: "{% if 1 %}", count: 90) + "{{ f() }}"
      + String(repeating: "{% endif %}", count: 90)
      + "{% endmacro %}{{ f() }}",
    "{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = {'a': ns.x}.get %}{% endfor %}",
    "{{ '%999999999d' % 1 }}", "{{ '{' .format() }}", "{{ [1][9223372036854775807].x }}",
  ]

  @Test(arguments: hostile)
  func hostileTemplatesFail(template: String) {
    let limits = RenderingLimits(steps: 100_000)
    #expect(throws: TemplateError.self) { try Template(template).render([:], limits: limits) }
  }

  @Test(arguments: ["(", "[", "{'a':", "not ", "-", "{% if x %}", "{{ a[", "{% for a in b %}"])
  func deepNestingFails(opening: String) {
    let template =
      (opening.hasPrefix("{") && opening.hasSuffix("}") ? "" : "{{ ") + String(repeating: opening, count: 100_000)
    #expect(throws: TemplateError.self) { try render(template) }
  }

  /// What makes a chain as long as there are steps is freed without going down it.
  @Test(arguments: [
    "{% set ns = namespace(x=1) %}{% for i in range(50000) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}",
    "{% set ns = namespace(x=1) %}{% for i in range(50000) %}{% set ns.x = cycler(ns.x) %}{% endfor %}",
    "{% set ns = namespace(x=1) %}{% for i in range(30000) %}{% for j in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}",
    "{% set ns = namespace(x=1) %}{% for i in range(30000) %}{% set o = ns.x %}{% macro f() %}{{ o }}{% endmacro %}{% set ns.x = f %}{% endfor %}",
    "{% set ns = namespace(x=1) %}{% set ns.x = ns %}{{ ns.x }}",
  ])
  func longChainsAreFreed(template: String) throws {
    #expect(try render(template).count < 100)
  }

  /// Searches that compared every place with the whole needle would take hours.
  @Test(.timeLimit(.minutes(20))) func searchesTakeLinearTime() throws {
    let template = "{{ ('a' * 400000 ~ 'b') in ('a' * 1000000) }}{{ ('a' * 1000000).rfind('b' ~ 'a' * 400000) }}"
    #expect(try render(template) == "False-1")
    #expect(try render("{{ 'abababa'.split('aba') }}{{ 'abababa'.rsplit('aba', 1) }}") == "['', 'b', '']['abab', '']")
    #expect(try render("{{ 'aabaabaaab'.find('aaab') }}{{ 'aXaXa'.replace('X', 'YY') }}") == "6aYYaYYa")
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
