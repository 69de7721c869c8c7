// SPDX-License-Identifier: MIT
//
// Whose mistake a refusal is, as the caller reads it.
#include "vo/blame.h"

#include "vo/protocol/dali.h"

#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

TEST(Blame, IsTheCallersOnlyWhereTheArchivesWordsAreAboutAValue) {
  for (const char* about_a_value :
       {"ERROR: value \"99999999999\" is out of range for type integer", "invalid input syntax for type date: \"x\"",
        "Conversion failed when converting the varchar value", "UsageError: ID=zzz is not a valid identifier"}) {
    const Error error = blamed(error_of_status(about_a_value).during("listing x plate_id=99999999999"));
    EXPECT_EQ(error.code(), Code::invalid) << about_a_value;
  }
  for (const char* other : {"column \"zoo\" does not exist", "syntax error at or near FROM", "no such table",
                            "function CONTAINS is not defined"}) {
    const Error error = blamed(error_of_status(other).during("listing x collection=out of range"));
    EXPECT_EQ(error.code(), Code::corrupt) << other;
    EXPECT_NE(error.what().find(other), std::string::npos) << "the archive's words stay";
  }
}

TEST(Blame, OtherErrorsAreLeftAsTheyAre) {
  EXPECT_EQ(blamed(error_of_status("permission denied for table x")).code(), Code::denied);
  EXPECT_EQ(blamed(Error(Code::invalid, "plate_id=two: a whole number is expected")).code(), Code::invalid);
  EXPECT_EQ(blamed(error_of_answer(503, "busy")).code(), Code::unavailable);
}

}  // namespace
}  // namespace skymount::vo
