import PromptCache
import Testing

@Suite struct StopMatcherTests {
  private func run(_ pieces: [String], stops: [String]) -> (text: String, isStopped: Bool) {
    var matcher = StopMatcher(stops)
    var text = ""
    for piece in pieces { text += matcher.append(piece) }
    return (text + matcher.finish(), matcher.isStopped)
  }

  @Test(arguments: [
    (["Hello END there"], "Hello "),
    (["Hello E", "N", "D there"], "Hello "),
    (["Hello E", "N", "ough"], "Hello ENough"),
    (["EN", "END"], "EN"),
    (["E", "E", "E", "ND"], "EEE".dropLast().description),
    (["END"], ""),
    (["the en", "d"], "the end"),
  ])
  func findsAStringAcrossPieces(pieces: [String], expected: String) {
    #expect(run(pieces, stops: ["END"]).text == expected)
  }

  @Test func theEarliestOfSeveralWins() {
    let result = run(["one two three"], stops: ["three", "two"])
    #expect(result.text == "one ")
    #expect(result.isStopped)
  }

  @Test func charactersOfSeveralBytesStayWhole() {
    #expect(run(["naï", "ve ", "日", "本"], stops: ["日本"]).text == "naïve ")
    #expect(run(["日", "月"], stops: ["日本"]).text == "日月")
  }

  @Test func anEmptyStopIsNone() {
    #expect(run(["text"], stops: [""]).text == "text")
  }
}
