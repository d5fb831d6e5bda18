/// Whose turn it is in the parts of a prompt, told by what a chat template puts around roles.
struct ChatTurns {
  struct Turn: Hashable {
    let role: ChatTemplate.Role
    /// Counted from 0.
    let number: Int
  }

  /// By part; `nil` for what stands in no turn.
  private(set) var turns: [Turn?] = []
  /// Whether the last part opens the answer.
  private(set) var opensAnswer = false

  private struct Marks {
    let role: ChatTemplate.Role
    let prefix: [TokenID]
    let suffix: [TokenID]
    /// Whether it is what stands around a user's turn right behind a system's.
    var followsSystem = false
  }

  /// Finds turns.
  ///
  /// - Parameters:
  ///   - templates: the tokens of parts that are a chat template's; `nil` for others.
  ///   - template: the template.
  ///   - tokenizer: what made its tokens.
  init(of templates: [[TokenID]?], template: ChatTemplate, tokenizer: some TextTokenizer) {
    func marks(_ role: ChatTemplate.Role, _ parts: ChatTemplate.Parts, followsSystem: Bool = false) -> Marks {
      Marks(
        role: role, prefix: tokenizer.tokens(ofTemplate: parts.prefix),
        suffix: tokenizer.tokens(ofTemplate: parts.suffix), followsSystem: followsSystem)
    }
    let all =
      ChatTemplate.Role.allCases.map { marks($0, template.parts(of: $0, followsSystem: false)) }
      + (template.userAfterSystem.map { [marks(.user, $0, followsSystem: true)] } ?? [])
    let header = tokenizer.tokens(ofTemplate: template.header)
    var current: Marks?
    var number = -1
    func turn() -> Turn? { current.map { Turn(role: $0.role, number: number) } }
    func begin(_ marks: Marks?) {
      current = marks
      if marks != nil { number += 1 }
    }
    for (index, tokens) in templates.enumerated() {
      guard let tokens else {
        turns.append(turn())
        continue
      }
      let suffix = templates[(index + 1)...].lazy.compactMap { $0 }.first
      if let open = current, tokens == open.suffix {
        turns.append(turn())
        // Without a prefix, a user's turn begins where the system's ends.
        let next = all.first { $0.followsSystem && $0.prefix.isEmpty && $0.suffix == suffix }
        begin(open.role == .system ? next : nil)
        continue
      }
      // Some templates open the turns of several roles in the same way.
      let opened = all.filter { !$0.prefix.isEmpty && $0.prefix == tokens }
      if index == templates.count - 1, tokens == header {
        opensAnswer = true
        begin(all.first { $0.role == .assistant })
      } else if !opened.isEmpty {
        begin(opened.first { $0.suffix == suffix } ?? opened.first)
      }
      turns.append(turn())
    }
  }
}
