import ContentHash
import JSONText

/// A page that needs nothing else: what it shows, with the style and the script that all pages have.
enum ReportPage {
  /// Fills a page in.
  ///
  /// - Parameters:
  ///   - page: the page, with places for style, tools and data.
  ///   - data: what its script reads.
  static func html(_ page: [UInt8], data: JSONValue) -> [UInt8] {
    // Within a `script` element `<` could begin its end.
    let data = String(decoding: data.canonicalBytes, as: UTF8.self).replacing("<", with: "\\u003c")
    var text = String(decoding: page, as: UTF8.self)
    for (place, content) in [
      ("/*style*/", String(decoding: PackageResources.Page_css, as: UTF8.self)),
      ("/*tools*/", String(decoding: PackageResources.Page_js, as: UTF8.self)), ("/*layout*/", data),
    ] {
      text.replace(place, with: content, maxReplacements: 1)
    }
    return Array(text.utf8)
  }
}
