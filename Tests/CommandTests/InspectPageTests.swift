import Foundation
import TestSupport
import Testing

/// The page of `inspect --html` in a browser, used with the keyboard alone.
@Suite struct InspectPageTests {
  private static let browser = "/usr/bin/chromium"
  private static let isWanted =
    ProcessInfo.processInfo.environment["PMLC_LONG_TESTS"] != nil
    && FileManager.default.isExecutableFile(atPath: browser)

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let modules = (0..<12).map { "<module name='part-\($0)'>Text number \($0) of many.</module>" }.joined()
    try folder.write(
      "<schema name='s'>Front. \(modules)<module name='trip'>To <parameter name='town' length='4'/>!</module></schema>",
      to: "s.pml")
  }

  @Test func thePageNamesTheModel() async throws {
    let run = try await PMLC.run(["inspect", "s.pml", "--html", "-"], in: folder)
    #expect(run.status == 0)
    #expect(run.standardOutput.contains(#""model":"demo""#) && run.standardOutput.contains(#""context":8192"#))
  }

  @Test(.enabled(if: isWanted), arguments: [400, 1200]) func keysReachEverything(width: Int) async throws {
    let found = try await said(by: Self.script, on: ["s.pml"], width: width)
    #expect(
      found == [
        "focus part-2", "held part-2, 1 row", "let go, 0 rows", "least first: trip",
        "most first: ascending then descending",
        "filtered: 1 of 15 rows", "parameter trip: parameter town", "module trip, sees the schema's text: true",
        "fits: true",
      ])
  }

  @Test(.enabled(if: isWanted), arguments: [400, 1200]) func keysReachEveryPart(width: Int) async throws {
    try folder.write("<prompt schema='s'><part-3/><trip town='Rome'/>Why?</prompt>", to: "p.pml")
    let found = try await said(by: Self.promptScript, on: ["p.pml", "--schema", "s.pml"], width: width)
    #expect(
      found == [
        "focus part-3", "held trip: town, 1 row", "let go, 0 rows", "part trip: town", "filtered: 3 of 6 rows",
        "parts 6, fits: true",
      ])
  }

  /// What a script says of the page of a document in a browser.
  private func said(by script: String, on document: [String], width: Int) async throws -> [String] {
    let page = try await PMLC.run(["inspect"] + document + ["--html", "-"], in: folder).standardOutput
    try folder.write(page.replacing("</body>", with: "<script>\(script)</script></body>"), to: "page.html")
    let browser = Process()
    browser.executableURL = URL(filePath: Self.browser)
    browser.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--window-size=\(width),1000",
      "--user-data-dir=\(folder.path("profile"))", "--dump-dom", "file://\(folder.path("page.html"))",
    ]
    let output = Pipe()
    browser.standardOutput = output
    browser.standardError = FileHandle.nullDevice
    try browser.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    browser.waitUntilExit()
    return text.matches(of: #/@@(.*?)@@/#).map { String($0.1) }
  }

  /// What somebody does without a mouse, and what is then to be seen.
  private static let script = #"""
    const said = [];
    const rowList = () => [...document.querySelectorAll("#rows tr")];
    const title = () => document.querySelector("#details strong").textContent;
    const press = (node, key) => node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const marked = () => document.querySelectorAll("tr.here").length;
    rowList()[3].focus();
    said.push(`focus ${title()}`);
    press(rowList()[3], "Enter");
    rowList()[5].focus();
    rowList()[5].blur();
    said.push(`held ${title()}, ${marked()} row`);
    press(document.body, "Escape");
    said.push(`let go, ${marked()} rows`);
    const tokens = document.querySelectorAll("th")[3];
    tokens.firstChild.click();
    said.push(`least first: ${rowList()[0].cells[0].textContent}`);
    const first = tokens.getAttribute("aria-sort");
    tokens.firstChild.click();
    said.push(`most first: ${first} then ${tokens.getAttribute("aria-sort")}`);
    byId("filter").value = "tow";
    byId("filter").dispatchEvent(new Event("input"));
    said.push(`filtered: ${byId("shown-rows").textContent}`);
    rowList().find(row => !row.hidden).focus();
    said.push(`parameter ${title()}`);
    document.querySelector(".module[aria-label=trip]").focus();
    said.push(`module ${title()}, sees the schema's text: ${byId("details").innerText.includes("sees the schema's text")}`);
    said.push(`fits: ${document.documentElement.scrollWidth <= innerWidth}`);
    document.body.textContent = said.map(line => `@@${line}@@`).join(" ");
    """#

  private static let promptScript = #"""
    const said = [];
    const rowList = () => [...document.querySelectorAll("#rows tr")];
    const shownTitle = () => document.querySelector("#details strong").textContent;
    const press = (node, key) => node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const marked = () => document.querySelectorAll("tr.here").length;
    rowList()[1].focus();
    said.push(`focus ${shownTitle()}`);
    press(rowList()[3], "Enter");
    rowList()[1].focus();
    rowList()[1].blur();
    said.push(`held ${shownTitle()}, ${marked()} row`);
    press(document.body, "Escape");
    said.push(`let go, ${marked()} rows`);
    document.querySelector(".item.parameter").focus();
    said.push(`part ${shownTitle()}`);
    byId("filter").value = "trip";
    byId("filter").dispatchEvent(new Event("input"));
    said.push(`filtered: ${byId("shown-rows").textContent}`);
    said.push(`parts ${figure.querySelectorAll(".item").length}, fits: ${document.documentElement.scrollWidth <= innerWidth}`);
    document.body.textContent = said.map(line => `@@${line}@@`).join(" ");
    """#
}
