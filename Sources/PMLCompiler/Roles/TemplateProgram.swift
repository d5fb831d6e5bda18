internal import Jinja

/// A chat template in Jinja, read once.
public struct TemplateProgram: Sendable {
  /// Its text.
  public let source: String
  private let parsed: Result<Template, TemplateError>

  /// Reads a template. One that is malformed says so where it is rendered.
  public init(_ source: String) {
    self.source = source
    do throws(TemplateError) {
      parsed = .success(try Template(source))
    } catch {
      parsed = .failure(error)
    }
  }

  /// The template.
  ///
  /// - Throws: `TemplateError.syntax`.
  func template() throws(TemplateError) -> Template { try parsed.get() }
}
