// SPDX-License-Identifier: MIT
//
// What a path component means: every spelling of a question is the same question, and a wrong one says what was meant.
#include "vo/query/grammar.h"

#include "tests/support/random.h"
#include "vo/query/words.h"

#include <gmock/gmock.h>

#include <random>

namespace skymount::vo {
namespace {

using test::seeds;
using ::testing::AllOf;
using ::testing::HasSubstr;

Query parsed(std::string_view component, const Query& base = {}) {
  Result<Query> query = parse_component(component, base);
  EXPECT_TRUE(query) << component << ": " << (query ? "" : query.error().what());
  return query.value_or(Query{});
}

Error refused(std::string_view component, const Query& base = {}) {
  Result<Query> query = parse_component(component, base);
  EXPECT_FALSE(query) << component << " was read as " << (query ? query->canonical() : "");
  return query ? Error(Code::cancelled, "") : query.error();
}

TEST(PathGrammar, ReadsEveryKey) {
  const Query q = parsed(
      "pos=156.01,48.14,0.5,time=1888..1900,band=400nm..700nm,type=image,collection=DASCH,instrument=A*,"
      "facility=~Harvard*,calib=2,id=ivo:%2F%2Fx%2Fy,limit=100");
  EXPECT_EQ(q.position, (SkyPosition{156.01, 48.14}));
  EXPECT_EQ(q.radius_deg, 0.5);
  EXPECT_EQ(q.time_mjd, parse_time("1888..1900").value());
  EXPECT_EQ(q.band_m, (Interval{4e-7, 7e-7}));
  EXPECT_EQ(q.text.at(TextKey::type), (TextPattern{"image", false}));
  EXPECT_EQ(q.text.at(TextKey::instrument), (TextPattern{"A*", false}));
  EXPECT_EQ(q.text.at(TextKey::facility), (TextPattern{"Harvard*", true}));
  EXPECT_EQ(q.text.at(TextKey::calib), (TextPattern{"2", false}));
  EXPECT_EQ(q.text.at(TextKey::id), (TextPattern{"ivo://x/y", false}));
  EXPECT_EQ(q.limit, 100u);
  EXPECT_EQ(parsed("target=M31").target, "M31");
}

TEST(PathGrammar, EverySpellingOfOneQueryHasOneCanonicalText) {
  const std::vector<std::vector<std::string_view>> same = {
      {"pos=156.01,48.14", "POS=156.01,48.14", "pos=156.010,+48.140", "pos=-203.99,48.14", "pos=516.01,48.14",
       "pos=10:24:02.4,48:08:24", "pos=10h24m02.4s,+48d08m24s", "pos=10h24m2.4s,48d8m24s", "pos=156.01%2C48.14",
       "pos=%31%356.01,48.14", "pos= 156.01 , 48.14 ", "pos=1.5601e2,4814e-2"},
      {"pos=1,2,0.5", "pos=1,2,30arcmin", "pos=1,2,1800arcsec", "pos=1,2,0.5deg", "pos=1,2,0.5 deg", "pos=1.0,2.0,.5"},
      {"pos=1,2,0.0005", "pos=1,2,1.8arcsec", "pos=1,2,0.03arcmin"},
      {"pos=0,0", "pos=-0,-0", "pos=360,0", "pos=00:00:00,-00:00:00"},
      {"time=1953-04-18", "time=1953-04-18..1953-04-18", "TIME=1953-04-18", "time=1953-04-18T00..1953-04-18T23"},
      {"time=1888..1900", "time=1888-01..1900-12", "time=1888-01-01..1900-12-31"},
      {"time=mjd:36305..36306", "time=MJD:36305.0..36306", "time=mjd:36305..mjd:36306"},
      {"band=400nm..700nm", "band=0.4um..0.7um", "band=4000A..7000A", "band=400..700nm", "band=0.0000004m..7e-7m"},
      {"collection=~*RASS*", "collection=~**RASS**", "Collection=~*%52ASS*"},
      {"collection=a%2Ab", "collection=a%2ab"},
      {"limit=5", "limit=05", "limit=+5"},
      {"calib=2", "calib=02"},
      {"collection=DASCH,type=image,pos=1,2", "pos=1,2,type=image,collection=DASCH",
       "type=image,collection=DASCH,pos=1,2", "TYPE=image,Pos=1,2,COLLECTION=DASCH"},
  };
  for (const auto& spellings : same) {
    const std::string canonical = parsed(spellings.front()).canonical();
    for (std::string_view spelling : spellings) {
      EXPECT_EQ(parsed(spelling).canonical(), canonical) << spelling;
      EXPECT_EQ(parsed(spelling), parsed(canonical)) << spelling;
    }
  }
}

TEST(PathGrammar, NestingIsAnd) {
  const Query nested = parsed("time=1888..1900", parsed("collection=DASCH", parsed("pos=156.01,48.14")));
  EXPECT_EQ(nested, parsed("time=1888..1900,pos=156.01,48.14,collection=DASCH"));
  EXPECT_EQ(nested.canonical(), "pos=156.01,48.14,time=1888..1900,collection=DASCH");
}

TEST(PathGrammar, ACommaBeginsATermOnlyBeforeAKnownKey) {
  EXPECT_EQ(parsed("collection=A,B,type=image").text.at(TextKey::collection).pattern, "A,B");
  EXPECT_EQ(parsed("collection=A,B=C").text.at(TextKey::collection).pattern, "A,B=C");
  EXPECT_EQ(parsed("collection=A%2Ctype=B").text.at(TextKey::collection).pattern, "A,type=B");
  EXPECT_EQ(parsed("collection=A%2Ctype=B").canonical(), "collection=A%2Ctype=B");
}

TEST(PathGrammar, AValueThatBeginsWithACommaDoesNotHang) {
  EXPECT_EQ(parsed("collection=,A,,").text.at(TextKey::collection).pattern, ",A,,");
  EXPECT_EQ(refused("pos=,").code(), Code::invalid);
}

TEST(PathGrammar, WritesValuesThatReadBack) {
  EXPECT_EQ(parsed("id=ivo:%2f%2fx%2Fy%3fz").canonical(), "id=ivo:%2F%2Fx%2Fy?z");
  EXPECT_EQ(parsed("collection=100%25").canonical(), "collection=100%25");
  EXPECT_EQ(parsed("collection=%7Enot").canonical(), "collection=%7Enot");
  EXPECT_EQ(parsed("collection=~%7Enot").canonical(), "collection=~%7Enot");
  EXPECT_EQ(parsed("collection=a%0Ab").canonical(), "collection=a%0Ab");
  EXPECT_EQ(parsed("target=V* RR Lyr").canonical(), "target=V* RR Lyr");
  EXPECT_EQ(parsed("collection=Sloan Größe").canonical(), "collection=Sloan Größe");
}

TEST(PathGrammar, AnUnknownKeyIsNotFoundAndTheNearestIsNamed) {
  const Error error = refused("colection=DASCH");
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("colection"), HasSubstr("perhaps collection=")));
  EXPECT_THAT(refused("tpye=image").what(), HasSubstr("perhaps type="));
  EXPECT_EQ(refused("autorun.inf").code(), Code::not_found);
  EXPECT_EQ(refused("").code(), Code::not_found);
  EXPECT_EQ(refused("=1").code(), Code::not_found);
  EXPECT_THAT(refused("frequency=5").what(), HasSubstr("keys are pos target time"));
}

TEST(PathGrammar, ABadValueIsInvalidAndTheMessageKnowsTheIntent) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"pos=400,95", "perhaps swapped"},
      {"pos=48.14,156.01", "perhaps swapped: pos=156.01,48.14"},
      {"pos=abc", "RA,DEC"},
      {"pos=abc,1", "'abc' is no angle"},
      {"pos=nan,1", "no angle"},
      {"pos=1,inf", "no angle"},
      {"pos=1e999,1", "no angle"},
      {"pos=0x10,1", "no angle"},
      {"pos=", "no value"},
      {"pos=1", "RA,DEC"},
      {"pos=1,2,3,4", "'4' after it"},
      {"pos=1,2,-1", "not negative"},
      {"pos=1,2,181", "over 180"},
      {"pos=1,2,5furlong", "unknown unit 'furlong'"},
      {"pos=1,2,raduis=5", "'raduis' is no key"},
      {"pos=10:61:00,1", "no angle"},
      {"pos=48d08m51s,10h24m02.7s", "swapped"},
      {"time=yesterday", "'yesterday' is no date"},
      {"time=1953-02-29", "no date"},
      {"time=36305", "perhaps mjd:36305"},
      {"time=..", "at least one end"},
      {"time=1900..1888", "swapped"},
      {"time=1888/1900", "FROM..TO"},
      {"band=400..700", "no unit"},
      {"band=400NM", "perhaps nm"},
      {"band=0nm..5nm", "above zero"},
      {"band=700nm..400nm", "swapped"},
      {"band=2keV..0.5keV", "swapped"},
      {"calib=raw", "is a number"},
      {"calib=two", "is a number"},
      {"collection=", "is any"},
      {"limit=0", "whole number"},
      {"limit=-5", "whole number"},
      {"limit=many", "whole number"},
      {"collection=50%", "two hex digits"},
      {"collection=50%2", "two hex digits"},
      {"collection=50%zz", "two hex digits"},
      {"collection=a%00b", "zero byte"},
      {"collection=a\nb", "control bytes"},
      {"collection=%FF", "UTF-8"},
      {"pos=1,2,pos=3,4", "given twice"},
      {"POS=1,2,pos=1,2", "given twice"},
      {"pos=1,2,target=M31", "both name a position"},
  };
  for (const auto& [component, words] : cases) {
    const Error error = refused(component);
    EXPECT_EQ(error.code(), Code::invalid) << component << ": " << error.what();
    EXPECT_THAT(error.what(), HasSubstr(std::string(words))) << component;
  }
}

TEST(PathGrammar, AKeyOfTheFolderAboveCannotBeGivenAgain) {
  const Query base = parsed("collection=DASCH,pos=1,2");
  EXPECT_EQ(refused("collection=other", base).code(), Code::invalid);
  EXPECT_EQ(refused("target=M31", base).code(), Code::invalid);
}

TEST(PathGrammar, AComponentIsAtMost255Bytes) {
  EXPECT_TRUE(parse_component("collection=" + std::string(244, 'x')));
  EXPECT_EQ(refused("collection=" + std::string(245, 'x')).code(), Code::name_too_long);
}

TEST(PathGrammar, TellsTermsFromOtherNames) {
  EXPECT_TRUE(looks_like_term("pos=1,2"));
  EXPECT_TRUE(looks_like_term("prog_id=098.C-0739(C)"));
  EXPECT_FALSE(looks_like_term("README.txt"));
  EXPECT_FALSE(looks_like_term("=x"));
  EXPECT_FALSE(looks_like_term("a b=x"));
  EXPECT_FALSE(looks_like_term(""));
}

TEST(Nearest, FindsSlipsAndAbbreviationsAndNothingElse) {
  EXPECT_EQ(nearest("colection", query_keys()), "collection");
  EXPECT_EQ(nearest("COLLECTION", query_keys()), "collection");
  EXPECT_EQ(nearest("instr", query_keys()), "instrument");
  EXPECT_EQ(nearest("pso", query_keys()), "pos");
  EXPECT_EQ(nearest("gvao", {"eso", "gavo"}), "gavo");
  EXPECT_EQ(nearest("elephant", query_keys()), "");
  EXPECT_EQ(nearest("", query_keys()), "");
  EXPECT_EQ(nearest(std::string(100'000, 'p'), query_keys()), "");
}

TEST(TextPattern, WildcardsMeanAnyTextAndNothingElseDoes) {
  const auto matches = [](std::string_view value, std::string_view text) {
    return parsed("collection=" + std::string(value)).text.at(TextKey::collection).matches(text);
  };
  EXPECT_TRUE(matches("*RASS*", "ROSAT RASS 3"));
  EXPECT_TRUE(matches("*RASS*", "RASS"));
  EXPECT_FALSE(matches("*RASS*", "rass"));
  EXPECT_FALSE(matches("~*RASS*", "ROSAT RASS 3"));
  EXPECT_TRUE(matches("~*RASS*", "DASCH"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-c-b"));
  EXPECT_FALSE(matches("ab*ba", "aba"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("a_c*", "abc"));
  EXPECT_TRUE(matches("a%2Ac*", "a*cd"));
  EXPECT_FALSE(matches("a%2Ac", "abc"));
  EXPECT_TRUE(matches("a%25*", "a%c"));
  EXPECT_FALSE(matches("a%25*", "abc"));
}

TEST(PathGrammar, ATargetMayHaveARadiusBehindItsLastComma) {
  EXPECT_EQ(parsed("target=M31,0.5").target, "M31");
  EXPECT_EQ(parsed("target=M31,30arcmin").radius_deg, 0.5);
  EXPECT_EQ(parsed("target=M31,30arcmin").canonical(), "target=M31,0.5");
  EXPECT_EQ(parsed("target= M   31 ").canonical(), "target=M 31");
  EXPECT_EQ(parsed("target=NAME Horse, Head").canonical(), "target=NAME Horse%2C Head");
  EXPECT_EQ(parsed("target=A%2C5").target, "A,5");
  EXPECT_FALSE(parsed("target=A%2C5").radius_deg);
  EXPECT_EQ(parsed("target=A%2C5").canonical(), "target=A%2C5");
  EXPECT_EQ(parsed("target=M31,type=image").canonical(), "target=M31,type=image");
  EXPECT_EQ(refused("target=M31,30arcmn").code(), Code::invalid);
  EXPECT_EQ(refused("target=M31,-1").code(), Code::invalid);
  EXPECT_EQ(refused("target=,0.5").code(), Code::invalid);
}

TEST(PathGrammar, ATargetThatWasFoundKeepsItsNameAsCanonicalText) {
  Query query = parsed("target=M31,0.5");
  query.position = SkyPosition{10.684708, 41.26875};
  EXPECT_EQ(query.canonical(), "target=M31,0.5");
  EXPECT_EQ(parse_component("pos=1,2", query).error().code(), Code::invalid);
  EXPECT_EQ(parse_component("target=M33", query).error().code(), Code::invalid);
  EXPECT_EQ(parse_component("time=1953", query)->canonical(), "target=M31,0.5,time=1953");
}

/// The meaning of a pattern, written the slow way.
bool slow_match(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return slow_match(pattern.substr(1), text) || (!text.empty() && slow_match(pattern, text.substr(1)));
  return !text.empty() && text[0] == pattern[0] && slow_match(pattern.substr(1), text.substr(1));
}

TEST(TextPattern, AgreesWithTheSlowDefinition) {
  for (unsigned seed : seeds(20)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto word = [&](std::string_view letters, unsigned longest) {
      std::string out;
      for (unsigned n = random() % (longest + 1); n > 0; --n) out += letters[random() % letters.size()];
      return out;
    };
    for (int i = 0; i < 200; ++i) {
      const std::string pattern = word("ab*", 7), text = word("ab", 9);
      EXPECT_EQ((TextPattern{pattern, false}.matches(text)), slow_match(pattern, text)) << pattern << " " << text;
      EXPECT_NE((TextPattern{pattern, true}.matches(text)), slow_match(pattern, text)) << pattern << " " << text;
    }
  }
}

class RandomQuery {
 public:
  explicit RandomQuery(unsigned seed) : random_(seed) {}

  Query make() {
    Query q;
    if (one_in(2)) q.position = SkyPosition{uniform(0, 360), uniform(-90, 90)};
    if (q.position && one_in(2)) q.radius_deg = std::pow(10, uniform(-9, 2.2));
    if (!q.position && one_in(3)) {
      q.target = one_spaced(text());
      if (one_in(2)) q.radius_deg = std::pow(10, uniform(-9, 2.2));
    }
    if (one_in(2)) q.time_mjd = interval(uniform(-1e5, 1e5), std::pow(10, uniform(-6, 4)));
    if (one_in(3)) q.time_mjd = parse_time(std::to_string(1000 + random_() % 1000)).value();
    if (one_in(2)) q.band_m = interval(std::pow(10, uniform(-15, 3)), std::pow(10, uniform(-15, 3)));
    for (TextKey key : {TextKey::type, TextKey::collection, TextKey::instrument, TextKey::facility, TextKey::id}) {
      if (one_in(4)) q.text[key] = {pattern(), one_in(3)};
    }
    if (one_in(4)) q.text[TextKey::calib] = {std::to_string(random_() % 5), one_in(3)};
    if (one_in(4)) q.limit = 1 + random_() % 100'000;
    return q;
  }

 private:
  bool one_in(unsigned n) { return random_() % n == 0; }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  Interval interval(double low, double width) {
    Interval out{low, one_in(5) ? low : low + width};
    if (one_in(4)) {
      (one_in(2) ? out.low : out.high) *= std::numeric_limits<double>::infinity();
      if (std::isinf(out.low)) out.low = -std::numeric_limits<double>::infinity();
      if (std::isinf(out.high)) out.high = std::numeric_limits<double>::infinity();
    }
    return out;
  }
  /// As the grammar gives names: single blanks between words.
  static std::string one_spaced(const std::string& text) {
    std::string out;
    for (const char c : text) {
      const bool blank = c == ' ' || c == '\n';
      if (!blank || !out.ends_with(' ')) out += blank ? ' ' : c;
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }
  std::string piece(std::initializer_list<std::string_view> pieces) {
    return std::string(pieces.begin()[random_() % pieces.size()]);
  }
  std::string text() {
    std::string out = piece({"M", "V", "ü"});
    for (unsigned n = random_() % 6; n > 0; --n) {
      out += piece(
          {"a", "B", "7", ",", "=", "/", "%", "~", "*", " ", "'", "\"", "\n", "\x7f", "é", "pos=", ",type=", ".."});
    }
    return out;
  }
  std::string pattern() {
    std::string out;
    for (unsigned n = 1 + random_() % 6; n > 0; --n) {
      std::string next =
          piece({"a", "B", "_", ",", "=", "/", "%25", "%2A", "~", "*", " ", "'", "\\", "\n", "☆", ",id="});
      if (next == "*" && out.ends_with('*')) next = "x";  // "**" is read as "*"
      out += next;
    }
    return out;
  }
  std::mt19937_64 random_;
};

TEST(PathGrammar, TheCanonicalTextOfAnyQueryReadsBackAsThatQuery) {
  std::size_t tried = 0;
  for (unsigned seed : seeds(2000)) {
    SCOPED_TRACE(seed);
    const Query query = RandomQuery(seed).make();
    const std::string canonical = query.canonical();
    EXPECT_EQ(canonical.find('/'), std::string::npos);
    if (query.empty() || canonical.size() > 255) continue;
    ++tried;
    const Result<Query> back = parse_component(canonical);
    ASSERT_TRUE(back) << canonical << ": " << back.error().what();
    EXPECT_EQ(*back, query) << canonical << " became " << back->canonical();
    EXPECT_EQ(back->canonical(), canonical);
  }
  EXPECT_GT(tried, 0u);
}

TEST(PathGrammar, SurvivesAnyBytes) {
  for (unsigned seed : seeds(2000)) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::string text(query_keys()[random() % query_keys().size()]);
    text += '=';
    static constexpr std::string_view kBytes = "0123456789.,:+-*~%=/ hmsdnTZeE\xC3\xA9\xFF\n(){}";
    for (unsigned n = random() % 40; n > 0; --n) text += kBytes[random() % kBytes.size()];
    if (Result<Query> query = parse_component(text)) {
      const std::string canonical = query->canonical();
      if (canonical.size() > 255) continue;
      EXPECT_EQ(parsed(canonical), *query) << text << " -> " << canonical;
    }
  }
}

TEST(TextMatches, ComparesNumbersAndForgivesPadding) {
  const Query q = parsed("calib=2,collection=*SS,type=~spec*");
  EXPECT_TRUE(text_matches(q, TextKey::calib, " 2 "));
  EXPECT_FALSE(text_matches(q, TextKey::calib, "3"));
  EXPECT_FALSE(text_matches(q, TextKey::calib, ""));
  EXPECT_TRUE(text_matches(q, TextKey::collection, "RASS   "));
  EXPECT_TRUE(text_matches(q, TextKey::type, ""));
  EXPECT_FALSE(text_matches(q, TextKey::type, "spectrum  "));
  EXPECT_TRUE(text_matches(q, TextKey::facility, "anything"));
}

}  // namespace
}  // namespace skymount::vo
