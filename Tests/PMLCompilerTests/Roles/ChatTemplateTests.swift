import PMLCompiler
import Testing

@Suite struct ChatTemplateTests {
  /// System, user, assistant and user again, as a template writes them.
  private func turns(_ name: String) throws -> String {
    let template = try #require(ChatTemplate.named(name))
    let schema = try lowered(
      "<schema name=\"s\"><system>S</system><user>U</user><assistant>A</assistant><user>V</user></schema>",
      template: template)
    return schema.nodes.map { if case .text(let run) = $0 { run.text } else { "?" } }.joined() + template.header
  }

  @Test(arguments: [
    (
      "chatml",
      "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n<|im_start|>user\nV<|im_end|>\n<|im_start|>assistant\n"
    ),
    (
      "llama3",
      "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nA<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nV<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    ("llama2", "[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST] A </s>[INST] V [/INST]"),
    ("mistral", "[INST] S\n\nU [/INST] A</s>[INST] V [/INST]"),
    ("vicuna", "S USER: U ASSISTANT: A</s>USER: V ASSISTANT:"),
    ("falcon", "System: S\nUser: U\nAssistant: A\nUser: V\nAssistant:"),
    (
      "zephyr", "<|system|>\nS</s>\n<|user|>\nU</s>\n<|assistant|>\nA</s>\n<|user|>\nV</s>\n<|assistant|>\n"
    ),
    (
      "gemma",
      "<start_of_turn>user\nS\n\nU<end_of_turn>\n<start_of_turn>model\nA<end_of_turn>\n<start_of_turn>user\nV<end_of_turn>\n<start_of_turn>model\n"
    ),
    (
      "phi3",
      "<|system|>\nS<|end|>\n<|user|>\nU<|end|>\n<|assistant|>\nA<|end|>\n<|user|>\nV<|end|>\n<|assistant|>\n"
    ),
    ("plain", "SUAV"),
  ])
  func aTemplateWritesItsTurns(_ name: String, _ text: String) throws {
    #expect(try turns(name) == text)
  }

  @Test func everyNameHasATemplate() {
    for name in ChatTemplate.names { #expect(ChatTemplate.named(name) != nil) }
    #expect(ChatTemplate.named("Plain") == nil)
  }

  @Test func eachPartIsASegmentOfItsOwn() throws {
    let schema = try lowered(
      "<schema name=\"s\"><user>a<module name=\"m\">b</module></user></schema>", template: .marked)
    #expect(schema.sketch == #"|<U>| "a" m("b") |</U>|"#)
  }

  @Test(arguments: [
    ("<system>S</system><user>U</user>", #"|<S>| "S" |</S>| "U" |</U>|"#),
    ("<system>S</system>\n  <!-- x --> \n<user>U</user>", #"|<S>| "S" |</S>| "U" |</U>|"#),
    ("<system>S</system> x<user>U</user>", #"|<S>| "S" |</S>| " x" |<U>| "U" |</U>|"#),
    ("<system>S</system> <user>U</user>", #"|<S>| "S" |</S>| " " |<U>| "U" |</U>|"#),
    (
      "<system>S</system><assistant>A</assistant><user>U</user>", #"|<S>| "S" |</S>| |<A>| "A" |</A>| |<U>| "U" |</U>|"#
    ),
    ("<system>S</system><user>U</user><user>V</user>", #"|<S>| "S" |</S>| "U" |</U>| |<U>| "V" |</U>|"#),
    ("<system>S</system><module name=\"m\">x</module><user>U</user>", #"|<S>| "S" |</S>| m("x") |<U>| "U" |</U>|"#),
    ("<system>S</system><module name=\"m\"><user>U</user></module>", #"|<S>| "S" |</S>| m("U" |</U>|)"#),
    ("<module name=\"m\"><system>S</system></module><user>U</user>", #"m(|<S>| "S" |</S>|) |<U>| "U" |</U>|"#),
    (
      "<system>S</system><union><module name=\"m\"><user>U</user></module><module name=\"n\"><user>V</user></module></union>",
      #"|<S>| "S" |</S>| [m("U" |</U>|) n("V" |</U>|)]"#
    ),
  ])
  func aUsersTurnRightAfterASystemElementHasPartsOfItsOwn(_ content: String, _ sketch: String) throws {
    #expect(try lowered("<schema name=\"s\">\(content)</schema>", template: .marked).sketch == sketch)
  }

  @Test(arguments: [
    ("<system>S</system>", "<user>U</user>", #""U" |</U>|"#),
    ("<system>S</system><module name=\"m\">x</module>", "<user>U</user>", #""U" |</U>|"#),
    ("<system>S</system><module name=\"m\">x</module>", "<m/><user>U</user>", #"|<U>| "U" |</U>|"#),
    ("<system>S<module name=\"m\">x</module></system>", "<m/><user>U</user>", #""U" |</U>|"#),
    ("<system>S</system>.", "<user>U</user>", #"|<U>| "U" |</U>|"#),
    ("S", "<system>S</system><user>U</user>", #"|<S>| "S" |</S>| "U" |</U>|"#),
    ("<system>S</system>", "x<user>U</user>", #""x" |<U>| "U" |</U>|"#),
  ])
  func aPromptContinuesItsSchema(_ schema: String, _ prompt: String, _ sketch: String) throws {
    let prompt = try resolved(
      "<prompt schema=\"s\">\(prompt)</prompt>", for: "<schema name=\"s\">\(schema)</schema>", template: .marked)
    #expect(prompt.sketch == sketch)
  }

  @Test(
    arguments: [
      ("{% for m in messages %}{{'<|im_start|>' + m['role']}}", "chatml"), ("{{ '<|start_header_id|>' }}", "llama3"),
      ("{{ '[INST] ' }}{{ '<<SYS>>' }}", "llama2"), ("{{ '[INST] ' }}", "mistral"),
      ("{{ 'USER: ' }}{{ 'ASSISTANT: ' }}", "vicuna"), ("{{ 'User: ' }}{{ 'Assistant: ' }}", "falcon"),
      ("{{ '<start_of_turn>' }}", "gemma"), ("{{ '<|user|>' }}{{ '<|end|>' }}", "phi3"),
      ("{{ '<|user|>' }}{{ eos_token }}", "zephyr"), ("{{ '<|user|>' }}{{ '</s>' }}", "zephyr"),
      ("{{ '<|user|>' }}", nil), ("", nil),
    ] as [(String, String?)])
  func aTemplateIsKnownByItsMarks(_ text: String, _ name: String?) {
    #expect(ChatTemplate.nameByMarks(in: text) == name)
  }

  @Test func aTemplateIsReadFromJSON() throws {
    let json =
      #"{"system":["a","b"],"user":["c","d"],"assistant":["e\n","é"],"header":"h","user_after_system":["","f"]}"#
    #expect(
      try ChatTemplate(json: Array(json.utf8))
        == ChatTemplate(
          system: .init("a", "b"), user: .init("c", "d"), assistant: .init("e\n", "é"), header: "h",
          userAfterSystem: .init("", "f")))
    let short = #"{"header":"","assistant":["",""],"user":["",""],"system":["",""]}"#
    #expect(try ChatTemplate(json: Array(short.utf8)) == .plain)
  }

  @Test(
    arguments: [
      ("[]", .notObject), (#"{"user":["",""],"assistant":["",""],"header":""}"#, .missing("system")),
      (#"{"system":[""],"user":["",""],"assistant":["",""],"header":""}"#, .notTwoStrings("system")),
      (#"{"system":["",1],"user":["",""],"assistant":["",""],"header":""}"#, .notTwoStrings("system")),
      (#"{"system":["",""],"user":"","assistant":["",""],"header":""}"#, .notTwoStrings("user")),
      (#"{"system":["",""],"user":["",""],"assistant":["",""],"header":null}"#, .notString("header")),
      (#"{"system":["",""],"user":["",""],"assistant":["",""],"header":"","tool":["",""]}"#, .unknown("tool")),
      (
        #"{"system":["",""],"user":["",""],"assistant":["",""],"header":"","user_after_system":[]}"#,
        .notTwoStrings("user_after_system")
      ),
    ] as [(String, ChatTemplateError)])
  func otherJSONIsNoTemplate(_ json: String, _ error: ChatTemplateError) {
    #expect(throws: error) { try ChatTemplate(json: Array(json.utf8)) }
  }

  @Test func whatIsNotJSONIsNoTemplate() {
    #expect(throws: ChatTemplateError.self) { try ChatTemplate(json: []) }
    #expect(throws: ChatTemplateError.self) { try ChatTemplate(json: [0xFF]) }
    #expect(ChatTemplateError.missing("header").description.hasPrefix("it has no `header`; a chat template is {"))
  }
}
