extension ChatTemplate {
  /// Names of the templates that ship.
  public static let names = [
    "chatml", "llama3", "llama2", "mistral", "vicuna", "falcon", "zephyr", "gemma", "phi3", "plain",
  ]

  /// The template of this name; `nil` where none has it.
  public static func named(_ name: String) -> ChatTemplate? {
    switch name {
    case "chatml": chatML
    case "llama3": llama3
    case "llama2": llama2
    case "mistral": mistral
    case "vicuna": vicuna
    case "falcon": falcon
    case "zephyr": zephyr
    case "gemma": gemma
    case "phi3": phi3
    case "plain": plain
    default: nil
    }
  }

  /// No text around any role.
  public static let plain = ChatTemplate(
    system: Parts("", ""), user: Parts("", ""), assistant: Parts("", ""), header: "")

  static let chatML = ChatTemplate(
    system: Parts("<|im_start|>system\n", "<|im_end|>\n"),
    user: Parts("<|im_start|>user\n", "<|im_end|>\n"),
    assistant: Parts("<|im_start|>assistant\n", "<|im_end|>\n"),
    header: "<|im_start|>assistant\n")

  static let llama3 = ChatTemplate(
    system: Parts("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
    user: Parts("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
    assistant: Parts("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    header: "<|start_header_id|>assistant<|end_header_id|>\n\n")

  static let llama2 = ChatTemplate(
    system: Parts("[INST] <<SYS>>\n", "\n<</SYS>>\n\n"),
    user: Parts("[INST] ", " [/INST]"),
    assistant: Parts(" ", " </s>"),
    header: "",
    userAfterSystem: Parts("", " [/INST]"))

  static let mistral = ChatTemplate(
    system: Parts("[INST] ", "\n\n"),
    user: Parts("[INST] ", " [/INST]"),
    assistant: Parts(" ", "</s>"),
    header: "",
    userAfterSystem: Parts("", " [/INST]"))

  static let vicuna = ChatTemplate(
    system: Parts("", " "),
    user: Parts("USER: ", " "),
    assistant: Parts("ASSISTANT: ", "</s>"),
    header: "ASSISTANT:")

  static let falcon = ChatTemplate(
    system: Parts("System: ", "\n"),
    user: Parts("User: ", "\n"),
    assistant: Parts("Assistant: ", "\n"),
    header: "Assistant:")

  static let zephyr = ChatTemplate(
    system: Parts("<|system|>\n", "</s>\n"),
    user: Parts("<|user|>\n", "</s>\n"),
    assistant: Parts("<|assistant|>\n", "</s>\n"),
    header: "<|assistant|>\n")

  static let gemma = ChatTemplate(
    system: Parts("<start_of_turn>user\n", "\n\n"),
    user: Parts("<start_of_turn>user\n", "<end_of_turn>\n"),
    assistant: Parts("<start_of_turn>model\n", "<end_of_turn>\n"),
    header: "<start_of_turn>model\n",
    userAfterSystem: Parts("", "<end_of_turn>\n"))

  static let phi3 = ChatTemplate(
    system: Parts("<|system|>\n", "<|end|>\n"),
    user: Parts("<|user|>\n", "<|end|>\n"),
    assistant: Parts("<|assistant|>\n", "<|end|>\n"),
    header: "<|assistant|>\n")

  /// The name of the template whose marks a model's `chat_template` holds; `nil` where it holds none.
  public static func nameByMarks(in chatTemplate: String) -> String? {
    func holds(_ marks: String...) -> Bool { marks.allSatisfy(chatTemplate.contains) }
    if holds("<|im_start|>") { return "chatml" }
    if holds("<|start_header_id|>") { return "llama3" }
    if holds("<start_of_turn>") { return "gemma" }
    if holds("[INST]") { return holds("<<SYS>>") ? "llama2" : "mistral" }
    if holds("<|user|>", "<|end|>") { return "phi3" }
    if holds("<|user|>", "</s>") || holds("<|user|>", "eos_token") { return "zephyr" }
    if holds("USER:", "ASSISTANT:") { return "vicuna" }
    if holds("User:", "Assistant:") { return "falcon" }
    return nil
  }
}
