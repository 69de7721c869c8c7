// SPDX-License-Identifier: MIT
#include "vo/protocol/sesame.h"

#include "vo/protocol/dali.h"
#include "vo/query/words.h"
#include "vo/votable/small_xml.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace skymount::vo {
namespace {

constexpr std::size_t kNameWords = 120;

Result<SkyPosition> position_of(std::string_view ra, std::string_view dec) {
  const auto lon = parse_number(trim(ra)), lat = parse_number(trim(dec));
  if (!lon || !lat || *lon < 0 || *lon > 360 || std::abs(*lat) > 90) {
    return fail(Code::corrupt,
                "the resolver's position is none: " + words_of(std::string(ra) + " " + std::string(dec), kNameWords));
  }
  return SkyPosition{*lon == 360 ? 0 : *lon, *lat};
}

/// Whether a remark says that a database does not know the name; any other remark is a failure of it.
bool says_unknown(std::string_view remark) {
  const std::string text = lower(remark);
  static constexpr std::array words = {"no known",  "nothing found", "not found",  "unknown",       "no object",
                                       "zero (0)",  "no answer",     "invalid id", "no identifier", "incorrect",
                                       "not valid", "not recogni",   "unrecogni"};
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return text.find(word) != std::string::npos; });
}

/// What a resolver without a position means.
Error nothing_known(const std::string& failure, const std::string& remark) {
  if (!failure.empty()) return {Code::unavailable, "the name resolver could not ask all of its sources: " + failure};
  return {Code::not_found, remark.empty() ? "the name resolver does not know it" : "the name resolver says: " + remark};
}

/// Databases give a galaxy's centre some arcseconds apart; farther off it is another object, or an error.
constexpr double kSameDeg = 60.0 / 3600;

void note_other(SesameAnswer& found, const Result<SkyPosition>& other) {
  if (!found.remark.empty() || !other || separation_deg(found.position, *other) <= kSameDeg) return;
  found.remark = "It gives another position for the same name, too: " + other->canonical() +
                 "; the first is used. If it is the wrong one, ask with pos= instead";
}

/// Walks the lines of the plain form; each database has a section that begins with "#=".
class PlainAnswer {
 public:
  Result<SesameAnswer> read(std::string_view body) {
    while (!body.empty()) {
      const std::size_t end = body.find('\n');
      // A line without its end may lack digits.
      if (end == std::string_view::npos) break;
      std::string_view line = body.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      body.remove_prefix(end + 1);
      if (line.starts_with("%J ")) {
        Result<SkyPosition> position = position_line(line.substr(3));
        if (!position && !found_) return fail(position.error());
        if (found_) note_other(*found_, position);
        if (!found_) found_ = SesameAnswer{*position, out_.name, out_.resolver};
        continue;
      }
      take(line);
    }
    if (found_) return *found_;
    if (!seen_ || (!done_ && failure_.empty() && remark_.empty())) {
      return fail(Code::corrupt, "this is no complete answer of a name resolver");
    }
    return fail(nothing_known(failure_, remark_));
  }

 private:
  void take(std::string_view line) {
    if (line.starts_with("#!")) {
      const std::string remark = words_of(line.substr(2), 200);
      (says_unknown(remark) ? remark_ : failure_) = remark;
    } else if (line.starts_with("#==")) {
      done_ = true;
    } else if (line.starts_with("#=")) {
      const std::size_t name = line.find('=', 2);
      const std::string_view rest = name == std::string_view::npos ? std::string_view{} : line.substr(name + 1);
      out_.resolver = words_of(rest.substr(0, rest.rfind(':')), kNameWords);
      out_.name.clear();
    } else if (line.starts_with("%I.0 ")) {
      out_.name = words_of(line.substr(5), kNameWords);
    }
    seen_ = seen_ || line.starts_with("#");
  }

  /// "10.684708 +41.268750 = 00:42:44.33 +41:16:07.5"
  static Result<SkyPosition> position_line(std::string_view line) {
    line = trim(line);
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view rest = trim(line.substr(blank));
    return position_of(line.substr(0, blank), rest.substr(0, rest.find(' ')));
  }

  SesameAnswer out_;
  std::optional<SesameAnswer> found_;
  bool seen_ = false, done_ = false;
  std::string failure_, remark_;
};

Result<SesameAnswer> read_xml(std::string_view body) {
  const Result<XmlTree> tree = parse_small_xml(body);
  if (!tree) return fail(tree.error().during("the name resolver's answer"));
  if (tree->root().name() != "Sesame") {
    return fail(Code::corrupt, "this is no answer of a name resolver: <" + words_of(tree->root().name(), 40) + ">");
  }
  std::string failure, remark;
  std::optional<SesameAnswer> found;
  for (XmlElement target = tree->root().first_child(); target; target = target.next_sibling()) {
    for (XmlElement part = target.first_child(); part; part = part.next_sibling()) {
      if (part.name() != "Resolver") continue;
      const XmlElement ra = child_of(part, "jradeg"), dec = child_of(part, "jdedeg");
      if (ra && dec) {
        Result<SkyPosition> position = position_of(ra.text(), dec.text());
        if (found) note_other(*found, position);
        if (found) continue;
        if (!position) return fail(position.error());
        const XmlElement name = child_of(part, "oname");
        found = SesameAnswer{*position, name ? words_of(name.text(), kNameWords) : std::string{},
                             words_of(part.text_of("name"), kNameWords)};
        continue;
      }
      const XmlElement info = child_of(part, "INFO");
      const std::string words = info ? words_of(info.text(), 200) : std::string{};
      if (!words.empty()) (says_unknown(words) ? remark : failure) = words;
    }
  }
  if (found) return std::move(*found);
  return fail(nothing_known(failure, remark));
}

}  // namespace

Result<Url> sesame_question(std::string_view base, std::string_view name) {
  while (base.ends_with('/')) base.remove_suffix(1);
  // S, N, V: Simbad, NED, VizieR, in this order.
  Result<Url> url = Url::parse(std::string(base) + "/-oI/SNV?" + percent_encode(name));
  if (!url) return fail(std::move(url).error().during("[sesame] url"));
  return url;
}

Result<SesameAnswer> parse_sesame(std::string_view body) {
  const std::string_view text = trim(body.substr(0, std::min<std::size_t>(body.size(), 64)));
  if (text.starts_with("<")) return read_xml(body);
  return PlainAnswer().read(body);
}

}  // namespace skymount::vo
