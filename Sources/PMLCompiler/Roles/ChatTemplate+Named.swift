extension ChatTemplate {
  /// Names of the templates that ship.
  public static let names = ["chatml", "llama3", "llama2", "mistral", "vicuna", "falcon", "plain"]

  /// The template of this name; `nil` where none has it.
  public static func named(_ name: String) -> ChatTemplate? {
    switch name {
    case "chatml": chatML
    case "llama3": llama3
    case "llama2": llama2
    case "mistral": mistral
    case "vicuna": vicuna
    case "falcon": falcon
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

  /// The template of a model, by the marks in the text of its `chat_template`; `nil` where none is known.
  public static func detected(in chatTemplate: String) -> ChatTemplate? {
    func holds(_ mark: String) -> Bool { chatTemplate.contains(mark) }
    if holds("<|im_start|>") { return chatML }
    if holds("<|start_header_id|>") { return llama3 }
    if holds("[INST]") { return holds("<<SYS>>") ? llama2 : mistral }
    if holds("USER:"), holds("ASSISTANT:") { return vicuna }
    if holds("User:"), holds("Assistant:") { return falcon }
    return nil
  }
}
