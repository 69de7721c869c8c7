// SPDX-License-Identifier: MIT
//
// One demo archive on one origin, asked over real HTTP, its VOTables read by the project's reader.
#pragma once

#include "tests/demo/client.h"
#include "vo/demo/archive.h"
#include "vo/votable/reader.h"

#include <gtest/gtest.h>

namespace skymount::demo::test {

class ArchiveTest : public ::testing::Test {
 protected:
  /// Made at the first use, so that a test can set options before.
  DemoArchive& archive() {
    if (!archive_) archive_ = std::make_unique<DemoArchive>(origin, options);
    return *archive_;
  }
  Answer get(const std::string& target) {
    archive();
    return test::get(origin.port(), target);
  }
  Answer tap(const std::string& adql, const std::string& more = {}) {
    archive();
    return post_form(origin.port(), "/tap/sync", "REQUEST=doQuery&LANG=ADQL&QUERY=" + url_encode(adql) + more);
  }
  static vo::Table table(const Answer& answer) {
    const Result<vo::Table> read = vo::read_votable(as_bytes(answer.body));
    if (!read) {
      ADD_FAILURE() << read.error().what() << "\n" << answer.body.substr(0, 2000);
      return {};
    }
    return *read;
  }
  /// COUNT(*) of a query.
  int count(const std::string& where) {
    const Answer answer = tap("SELECT COUNT(*) AS n FROM ivoa.obscore WHERE " + where, "&FORMAT=csv");
    return answer.body.starts_with("n\r\n") ? std::stoi(answer.body.substr(3)) : -1;
  }

  DemoOptions options;
  Origin origin;

 private:
  std::unique_ptr<DemoArchive> archive_;
};

}  // namespace skymount::demo::test
