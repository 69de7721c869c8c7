// SPDX-License-Identifier: MIT
#include "vo/votable/small_xml.h"

#include "vo/votable/xml_splitter.h"

namespace skymount::vo {
namespace {

constexpr std::size_t kMost = 1 << 20;

}  // namespace

Result<XmlTree> parse_small_xml(std::string_view text) {
  if (text.size() > kMost) return fail(Code::too_large, "an XML document of over 1 MiB where a small one was expected");
  XmlSplitter splitter({});
  splitter.feed(text);
  std::string clean;
  clean.reserve(text.size());
  XmlToken token;
  bool rooted = false;
  for (;;) {
    const XmlSplitter::Next next = splitter.next(token);
    if (next == XmlSplitter::Next::failed) return fail(splitter.error());
    if (next == XmlSplitter::Next::more) break;
    switch (token.kind) {
      case XmlToken::Kind::doctype: break;
      case XmlToken::Kind::text:
        if (splitter.depth() > 0) clean += token.raw;
        break;
      case XmlToken::Kind::cdata: clean.append("<![CDATA[").append(token.raw).append("]]>"); break;
      default: rooted = true; clean += token.raw;
    }
  }
  if (!rooted) return fail(Code::corrupt, "no XML document");
  if (!splitter.complete()) return fail(Code::corrupt, "the XML document ends too early");
  return XmlTree::parse(std::move(clean));
}

XmlElement child_of(XmlElement parent, std::string_view name) {
  for (XmlElement child = parent.first_child(); child; child = child.next_sibling()) {
    if (child.name() == name) return child;
  }
  return {};
}

}  // namespace skymount::vo
