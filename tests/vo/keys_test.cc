// SPDX-License-Identifier: MIT
//
// Every key of a path, end to end: what a real TAP service answers to it is compared with a plain evaluation of the
// same words over the archive's true datasets, written here without the code under test.
#include "tests/support/random.h"
#include "tests/vo/fake_service.h"
#include "vo/demo/archive.h"
#include "vo/query/grammar.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

namespace skymount::vo {
namespace {

using test::soon;
using Test = std::function<bool(const demo::Dataset&)>;

/// A term as a user types it, and what it means.
struct Term {
  std::string key, text;
  Test holds;
};

bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '\1') return glob(pattern.substr(1), text) || (!text.empty() && glob(pattern, text.substr(1)));
  return !text.empty() && text[0] == pattern[0] && glob(pattern.substr(1), text.substr(1));
}

class Questions {
 public:
  Questions(const std::vector<demo::Dataset>& datasets, unsigned seed) : datasets_(datasets), random_(seed) {}

  std::vector<Term> make() {
    std::vector<Term> all{text_term("type", [](auto& d) { return std::vector{d.type}; }),
                          text_term("collection", [](auto& d) { return std::vector{d.collection}; }),
                          text_term("instrument", [](auto& d) { return std::vector{d.instrument}; }),
                          text_term("facility", [](auto& d) { return std::vector{d.facility}; }),
                          text_term("id",
                                    [](auto& d) {
                                      return std::vector{d.did, d.obs_id};
                                    }),
                          calib_term(),
                          time_term(),
                          band_term()};
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(1 + random_() % 3);
    return all;
  }
  bool coin() { return random_() % 2 == 0; }

 private:
  using Values = std::function<std::vector<std::string>(const demo::Dataset&)>;

  const demo::Dataset& any() { return datasets_[random_() % datasets_.size()]; }

  std::string encoded(const std::string& value) {
    std::string out;
    for (const char c : value) {
      char code[4];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
      const bool must = c == '/' || c == '%' || c == '*' || c == ',' || c == '~' || static_cast<unsigned char>(c) < 32;
      out +=
          must || (static_cast<unsigned char>(c) < 128 && random_() % 8 == 0) ? std::string(code) : std::string(1, c);
    }
    return out;
  }

  Term text_term(const std::string& key, const Values& values) {
    const std::vector<std::string> choices = values(any());
    const std::string value = choices[random_() % choices.size()];
    const bool negated = random_() % 3 == 0;
    std::string pattern = value, text = encoded(value);
    if (value.empty() || random_() % 2 == 0) {  // a piece of it becomes a star; \1 stands for it here
      const std::size_t from = random_() % (value.size() + 1), length = random_() % (value.size() - from + 1);
      pattern = value.substr(0, from) + '\1' + value.substr(from + length);
      text = encoded(value.substr(0, from)) + "*" + encoded(value.substr(from + length));
    }
    return {key, (negated ? "~" : "") + text, [=](const demo::Dataset& d) {
              const std::vector<std::string> has = values(d);
              return negated != std::any_of(has.begin(), has.end(), [&](auto& v) { return glob(pattern, v); });
            }};
  }

  Term calib_term() {
    const int level = static_cast<int>(random_() % 4);
    const bool negated = coin();
    return {"calib", (negated ? "~" : "") + std::to_string(level),
            [=](const demo::Dataset& d) { return (d.calib_level == level) != negated; }};
  }

  Term time_term() {
    const int a = 1885 + static_cast<int>(random_() % 80), b = a + static_cast<int>(random_() % 30);
    const int month = 1 + static_cast<int>(random_() % 11);
    char year_month[16];
    std::snprintf(year_month, sizeof year_month, "%d-%02d", a, month);
    const double start_a = demo::mjd_of(a, 1, 1), end_b = demo::mjd_of(b + 1, 1, 1);
    const double start_month = demo::mjd_of(a, month, 1), end_month = demo::mjd_of(a, month + 1, 1);
    const auto overlaps = [](double low, double end) {
      return [=](const demo::Dataset& d) { return d.t_min && d.t_max && *d.t_min < end && *d.t_max >= low; };
    };
    switch (random_() % 5) {
      case 0: return {"time", std::to_string(a) + ".." + std::to_string(b), overlaps(start_a, end_b)};
      case 1: return {"time", year_month, overlaps(start_month, end_month)};
      case 2:
        return {"time", std::to_string(a) + "..",
                [=](const demo::Dataset& d) { return d.t_max && *d.t_max >= start_a; }};
      case 3:
        return {"time", ".." + std::to_string(b), [=](const demo::Dataset& d) { return d.t_min && *d.t_min < end_b; }};
      default:
        return {"time",
                "mjd:" + std::to_string(static_cast<int>(start_a)) + ".." + std::to_string(static_cast<int>(end_b)),
                overlaps(start_a, end_b + 1e-9)};
    }
  }

  Term band_term() {
    const double low = 100 + static_cast<double>(random_() % 800), high = low + static_cast<double>(random_() % 500);
    const auto overlaps = [](double from, double to) {
      return [=](const demo::Dataset& d) { return d.em_min <= to && d.em_max >= from; };
    };
    const auto number = [](double value) { return std::to_string(static_cast<int>(value)); };
    switch (random_() % 4) {
      case 0: return {"band", number(low) + "nm.." + number(high) + "nm", overlaps(low * 1e-9, high * 1e-9)};
      case 1: return {"band", number(low * 10) + "A..", overlaps(low * 1e-9, 1e300)};
      case 2: {  // h c = 1.2398419843320026e-6 eV m: energies run against wavelengths
        const double e = 1 + static_cast<double>(random_() % 9), f = e + static_cast<double>(random_() % 5);
        return {"band", number(e) + "eV.." + number(f) + "eV",
                overlaps(1.2398419843320026e-6 / f, 1.2398419843320026e-6 / e)};
      }
      default: {
        const double thz = 200 + static_cast<double>(random_() % 900);
        return {"band", number(thz) + "THz",
                overlaps(299792458 / (thz * 1e12) * (1 - 1e-12), 299792458 / (thz * 1e12) * (1 + 1e-12))};
      }
    }
  }

  const std::vector<demo::Dataset>& datasets_;
  std::mt19937 random_;
};

struct Keys : ::testing::Test {
  Keys() : archive(origin) {
    options.name = "demo";
    options.tap.url = archive.tap_url();
    HttpOptions http;
    http.allow_private = true;
    client = make_http_client(http);
  }

  std::multiset<std::string> expected(const std::vector<Term>& terms) const {
    std::multiset<std::string> out;
    for (const demo::Dataset& d : archive.sky().datasets()) {
      if (std::all_of(terms.begin(), terms.end(), [&](const Term& t) { return t.holds(d); })) out.insert(d.did);
    }
    return out;
  }

  static std::multiset<std::string> ids(const Listing& listing) {
    std::multiset<std::string> out;
    for (std::size_t i = 0; i < listing.table.size(); ++i) out.insert(listing.table.text(i, "obs_publisher_did"));
    return out;
  }

  demo::Origin origin;
  demo::DemoArchive archive;
  ArchiveOptions options;
  std::shared_ptr<HttpClient> client;
  SystemClock clock;
};

TEST_F(Keys, MeanWhatTheySayInAnyOrderAndNesting) {
  Archive vo(options, client, nullptr, clock);
  std::size_t found = 0, empty = 0;
  for (const unsigned seed : skymount::test::seeds(8)) {
    SCOPED_TRACE(seed);
    Questions questions(archive.sky().datasets(), seed);
    for (int i = 0; i < 25; ++i) {
      const std::vector<Term> terms = questions.make();
      Query query;
      std::string path;
      for (const Term& term : terms) {
        const std::string component = term.key + "=" + term.text;
        path += "/" + component;
        Result<Query> next = parse_component(component, query);
        ASSERT_TRUE(next) << path << ": " << next.error().what();
        query = *next;
      }
      SCOPED_TRACE(path);
      const auto listing = vo.query(query, soon());
      ASSERT_TRUE(listing) << listing.error().what();
      SCOPED_TRACE(listing->adql);
      const auto wanted = expected(terms);
      EXPECT_EQ(ids(*listing), wanted);
      (wanted.empty() ? empty : found) += 1;
      EXPECT_EQ(parse_component(query.canonical()).value(), query);
    }
  }
  EXPECT_GT(found, 50u) << "the questions must discriminate";
  EXPECT_GT(empty, 10u);
}

TEST_F(Keys, ACountIsThatOfTheListingOrAtMost) {
  Archive vo(options, client, nullptr, clock);
  Questions questions(archive.sky().datasets(), 77);
  for (int i = 0; i < 25; ++i) {
    const std::vector<Term> terms = questions.make();
    Query query;
    for (const Term& term : terms) query = parse_component(term.key + "=" + term.text, query).value();
    SCOPED_TRACE(query.canonical());
    const auto count = vo.count(query, soon());
    ASSERT_TRUE(count) << count.error().what();
    if (count->at_most) {
      EXPECT_GE(count->rows, expected(terms).size());
    } else {
      EXPECT_EQ(count->rows, expected(terms).size());
    }
  }
}

}  // namespace
}  // namespace skymount::vo
