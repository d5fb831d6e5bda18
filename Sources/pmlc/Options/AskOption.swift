import ArgumentParser
import CommandSupport
import PromptCache

/// What is asked behind prompts that do not ask by themselves.
struct AskOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Asks this behind each prompt, as a user's turn: any text, which is taken as it stands.", valueName: "text"),
    transform: RawArguments.text)
  var ask: String?

  /// The turns that follow at each prompt's end.
  var turns: [ChatTurn] { ask.map { [ChatTurn(role: .user, text: $0)] } ?? [] }
}
