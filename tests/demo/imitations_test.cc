// SPDX-License-Identifier: MIT
//
// The imitated archives as parts of an origin: where they are, what is refused, and that what was asked can be told.
// What they answer is looked at through a mount (tests/commands/configs).
#include "vo/demo/archives/imitations.h"
#include "tests/demo/client.h"
#include "vo/demo/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

namespace skymount::demo {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

TEST(Imitations, EachHostIsAPathOfTheOrigin) {
  Origin origin;
  const Imitations eso(origin, {"eso", "vizier"});
  EXPECT_THAT(eso.maps(), IsSupersetOf({"archive.eso.org=" + origin.url("/archive.eso.org"),
                                        "tapvizier.cds.unistra.fr=" + origin.url("/tapvizier.cds.unistra.fr")}));
  EXPECT_THAT(Imitations::names(), IsSupersetOf({"applause", "eso", "gavo", "ondrejov"}));
  EXPECT_THROW(Imitations(origin, {"atlantis"}), std::invalid_argument);
}

TEST(Imitations, WhatWasAskedIsTold) {
  Origin origin;
  const Imitations vizier(origin, {"vizier"});
  record_requests(origin);
  test::get(origin.port(), "/tapvizier.cds.unistra.fr/TAPVizieR/tap/availability");
  test::get(origin.port(), "/nowhere?a=\"");
  const std::string told = test::get(origin.port(), "/.requests").body;
  EXPECT_THAT(told, HasSubstr(R"("target": "/tapvizier.cds.unistra.fr/TAPVizieR/tap/availability", "range": "")"));
  EXPECT_THAT(told, HasSubstr(R"("status": 404)"));
  EXPECT_THAT(told, Not(HasSubstr(".requests")));
}

}  // namespace
}  // namespace skymount::demo
