// SPDX-License-Identifier: MIT
//
// Who walks through an answer costs the archive few requests: several IDs are asked for at once where the service takes
// them, each dataset is asked for once elsewhere, and a dataset that a bulk answer does not tell is never taken for one
// without links.
#include "tests/vo/links_fixture.h"
#include "vo/demo/archive.h"
#include "vo/links_service.h"

#include <gmock/gmock.h>

#include <set>
#include <thread>

namespace skymount::vo {
namespace {

using test::entry_of;
using test::LinkRow;
using test::links_votable;
using test::LinksServiceFixture;
using test::names_of;
using test::soon;
using test::votable_reply;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Walks through all datasets; each must show its own file.
void walk(LinksServiceFixture& f, Siblings siblings = Siblings::walked) {
  for (std::size_t i = 0; i < f.listing->datasets.size(); ++i) {
    const auto folder = f.enter(i, {}, siblings);
    ASSERT_TRUE(folder) << i << ": " << folder.error().what();
    const std::string id(f.listing->datasets[i].publisher_did);
    ASSERT_THAT(names_of(**folder), ElementsAre(id.substr(id.rfind('?') + 1) + ".fits"));
  }
}

TEST(BulkLinks, AWalkThroughAThousandDatasetsCostsTwentyFiveRequests) {
  LinksServiceFixture f(1000);
  f.start();
  walk(f);
  EXPECT_LE(f.links_requests(), 25u);
  EXPECT_GT(f.links_requests(), 20u);
  f.start();  // a remount
  walk(f);
  EXPECT_LE(f.links_requests(), 25u);
}

TEST(BulkLinks, AnyOrderOfWalkingIsCheap) {
  LinksServiceFixture f(400);
  f.start();
  for (std::size_t i = 0; i < 400; ++i) ASSERT_TRUE(f.enter(i * 173 % 400));
  EXPECT_LE(f.links_requests(), 14u);
}

TEST(BulkLinks, AFlatFolderAsksForAllAtOnce) {
  LinksServiceFixture f(1000);
  f.start();
  walk(f, Siblings::all);
  EXPECT_EQ(f.links_requests(), 20u);
}

TEST(BulkLinks, TwoDatasetsAreNoWalk) {
  LinksServiceFixture f(100);
  f.start();
  ASSERT_TRUE(f.enter(0));
  ASSERT_TRUE(f.enter(1));
  EXPECT_EQ(f.catalog->folder_in_memory(*f.listing, f.listing->datasets[2]), nullptr);
  f.clock.advance(std::chrono::seconds(11));
  ASSERT_TRUE(f.enter(7));  // later: another look around
  EXPECT_EQ(f.catalog->folder_in_memory(*f.listing, f.listing->datasets[8]), nullptr);
  EXPECT_EQ(f.links_requests(), 3u);
  ASSERT_TRUE(f.enter(8));
  ASSERT_TRUE(f.enter(9));
  EXPECT_NE(f.catalog->folder_in_memory(*f.listing, f.listing->datasets[30]), nullptr);
}

TEST(BulkLinks, AServiceThatAnswersTheFirstIdOnlyIsFoundOutAndRemembered) {
  LinksServiceFixture f(60);
  f.options.limits.connections = 1;  // nothing beside what is waited for: the order below is that of the walk
  f.service.origin.handle("/links", [&](const demo::Request& request) {
    const std::string id = request.params_named("ID").front();
    return votable_reply(links_votable({{id, "http://127.0.0.1:1/f/" + id.substr(id.rfind('?') + 1) + ".fits", "", "",
                                         "#this", "", "image/fits", ""}}));
  });
  f.start();
  walk(f);
  EXPECT_LE(f.links_requests(), 61u);
  f.start();  // a remount
  const auto question = f.archive->links().batchable(*f.listing, f.listing->datasets[0]);
  ASSERT_TRUE(question);
  EXPECT_EQ(f.archive->links().batch(*question), 1u);
}

TEST(BulkLinks, AServiceThatRefusesSeveralIdsIsAskedForOneAtATime) {
  LinksServiceFixture f(40);
  f.service.origin.handle("/links", [&](const demo::Request& request) {
    if (request.params_named("ID").size() > 1) return votable_reply(test::error_votable("UsageFault: one ID"), 400);
    const std::string id = request.param("ID").value();
    return votable_reply(links_votable({{id, "http://127.0.0.1:1/f/" + id.substr(id.rfind('?') + 1) + ".fits", "", "",
                                         "#this", "", "image/fits", ""}}));
  });
  f.start();
  walk(f);
  std::size_t several = 0;
  for (const demo::RequestRecord& record : f.service.origin.requests()) {
    const std::size_t first = record.target.find("ID=");
    if (first != std::string::npos && record.target.find("ID=", first + 1) != std::string::npos) ++several;
  }
  EXPECT_EQ(several, 1u);
  EXPECT_EQ(f.links_requests(), 41u);
}

TEST(BulkLinks, ATruncatedAnswerLosesNoDataset) {
  LinksServiceFixture f(100);
  f.service.origin.handle("/links", [&](const demo::Request& request) {
    std::vector<std::string> ids = request.params_named("ID");
    const bool cut = ids.size() > 20;
    if (cut) ids.resize(20);
    std::vector<LinkRow> rows;
    for (const std::string& id : ids) {
      rows.push_back({id, "http://127.0.0.1:1/f/" + id.substr(id.rfind('?') + 1) + ".fits", "", "", "#this", "",
                      "image/fits", ""});
    }
    std::string document = links_votable(rows);
    if (cut) document.replace(document.find("</TABLE>"), 8, "</TABLE><INFO name=\"QUERY_STATUS\" value=\"OVERFLOW\"/>");
    return votable_reply(document);
  });
  f.start();
  walk(f, Siblings::all);
  EXPECT_LE(f.links_requests(), 7u);
}

TEST(BulkLinks, AnIdWithoutRowsIsAskedForAloneAndItsFaultsAreItsOwn) {
  LinksServiceFixture f(30);
  f.service.origin.handle("/links", [&](const demo::Request& request) {
    const std::vector<std::string> ids = request.params_named("ID");
    std::vector<LinkRow> rows;
    for (const std::string& id : ids) {
      const bool silent = id.ends_with("plate7") && ids.size() > 1;
      if (silent) continue;
      if (id.ends_with("plate9")) {
        rows.push_back({id, "", "", "AuthorizationFault: not yours", "#this", "", "", ""});
      } else {
        rows.push_back({id, "http://127.0.0.1:1/f/" + id.substr(id.rfind('?') + 1) + ".fits", "", "", "#this", "",
                        "image/fits", ""});
      }
    }
    std::rotate(rows.begin(), rows.begin() + static_cast<long>(rows.size() / 2), rows.end());  // any order
    return votable_reply(links_votable(rows));
  });
  f.start();
  const auto seven = f.enter(7, {}, Siblings::all);
  ASSERT_TRUE(seven);
  EXPECT_THAT(names_of(**seven), ElementsAre("plate7.fits"));
  const auto nine = f.enter(9, {}, Siblings::all);
  ASSERT_TRUE(nine);
  EXPECT_THAT((*nine)->entries, IsEmpty());
  ASSERT_THAT((*nine)->faults, SizeIs(1));
  EXPECT_EQ((*nine)->faults[0].id, "ivo://fake/~?plate9");
  const auto eight = f.enter(8, {}, Siblings::all);
  ASSERT_TRUE(eight);
  EXPECT_THAT((*eight)->faults, IsEmpty());
  EXPECT_THAT((*eight)->links_document, AllOf(HasSubstr("plate8"), Not(HasSubstr("plate9"))));
  EXPECT_EQ(f.links_requests(), 2u);
}

TEST(BulkLinks, TheConfigurationHasTheLastWord) {
  for (const unsigned batch : {1U, 10U}) {
    LinksServiceFixture f(50);
    f.options.datalink.batch = batch;
    f.start();
    walk(f, Siblings::all);
    EXPECT_EQ(f.links_requests(), 50u / batch) << batch;
  }
}

TEST(BulkLinks, CallersOfOneBatchWaitForOneRequest) {
  LinksServiceFixture f(40);
  f.start();
  f.service.origin.misbehave("/links", {.latency = std::chrono::milliseconds(150)});
  std::vector<std::thread> callers;
  std::atomic<int> good{0};
  callers.emplace_back([&] { good += f.enter(0, {}, Siblings::all).has_value(); });
  for (int i = 0; i < 1000 && f.links_requests() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (std::size_t i = 1; i < 6; ++i) callers.emplace_back([&, i] { good += f.enter(i).has_value(); });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(f.links_requests(), 1u);
}

TEST(BulkLinks, LongIdsDoNotMakeUrlsThatServersRefuse) {
  LinksServiceFixture f(50);
  for (std::size_t i = 0; i < 50; ++i) {
    const std::string id = "ivo://fake/~?" + std::string(700, 'x') + "/plate" + std::to_string(i);
    f.rows[i]["obs_publisher_did"] = id;
    f.rows[i]["access_url"] = f.service.origin.url("/links?ID=" + demo::url_encode(id));
  }
  f.start();
  for (std::size_t i = 0; i < 50; ++i) ASSERT_TRUE(f.enter(i, {}, Siblings::all));
  for (const demo::RequestRecord& record : f.service.origin.requests()) EXPECT_LT(record.target.size(), 7000u);
  EXPECT_LE(f.links_requests(), 8u);
}

TEST(BulkLinks, AnArchiveThatCannotBeReachedIsNotAskedOnceADataset) {
  LinksServiceFixture f(30);
  f.start();
  f.service.origin.misbehave("/links", {.status = 503, .retry_after_s = 0});
  const auto folder = f.enter(0, {}, Siblings::all);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code(), Code::unavailable);
  f.service.origin.behave();
  EXPECT_TRUE(f.enter(0, {}, Siblings::all));
}

std::string file_of(const std::string& id, const std::string& part = "") {
  return "http://127.0.0.1:1/f/" + id.substr(id.rfind('?') + 1) + part + ".fits";
}

LinkRow file_row(const std::string& id, const std::string& part = "") {
  return {id, file_of(id, part), "", "", "#this", "", "image/fits", ""};
}

LinkRow fault_row(const std::string& id, const std::string& fault) {
  return {id, "", "", fault, "#this", "", "", ""};
}

/// Requests to the links service that named several IDs.
std::size_t requests_for_several(const LinksServiceFixture& f) {
  std::size_t several = 0;
  for (const demo::RequestRecord& record : f.service.origin.requests()) {
    const std::size_t first = record.target.find("ID=");
    if (first != std::string::npos && record.target.find("ID=", first + 1) != std::string::npos) ++several;
  }
  return several;
}

unsigned ids_taken(const LinksServiceFixture& f) {
  return f.archive->links().batch(f.archive->links().batchable(*f.listing, f.listing->datasets[0]).value());
}

/// Answers the first ID, and every other with this fault.
void answer_the_first_only(LinksServiceFixture& f, const std::string& fault) {
  f.service.origin.handle("/links", [fault](const demo::Request& request) {
    std::vector<LinkRow> rows;
    for (const std::string& id : request.params_named("ID")) {
      rows.push_back(rows.empty() ? file_row(id) : fault_row(id, fault));
    }
    return votable_reply(links_votable(rows));
  });
}

TEST(BulkLinks, RefusalsOfSeveralIdsInFaultRowsCostNoDatasetItsFiles) {
  for (const char* fault : {"UsageFault: only one ID please", "TransientFault: one at a time", "NotFoundFault", "no"}) {
    LinksServiceFixture f(60);
    answer_the_first_only(f, fault);
    f.start();
    walk(f);
    EXPECT_EQ(ids_taken(f), 1u) << fault;
    EXPECT_EQ(requests_for_several(f), 1u) << fault;
    EXPECT_LE(f.links_requests(), 61u) << fault;
    f.start();  // a remount
    EXPECT_EQ(ids_taken(f), 1u) << fault;
  }
}

TEST(BulkLinks, FaultsThatStayAreAskedForAloneOnceAndSayNothingOfTheService) {
  LinksServiceFixture f(100);
  f.answer_ids([](const std::string& id) -> std::vector<LinkRow> {
    if (id.back() % 2 == 0) return {fault_row(id, "NotFoundFault: gone")};
    return {file_row(id)};
  });
  f.start();
  for (int walks = 0; walks < 2; ++walks) {
    for (std::size_t i = 0; i < 100; ++i) ASSERT_TRUE(f.enter(i, {}, Siblings::all));
  }
  EXPECT_EQ(ids_taken(f), kMostIds);
  EXPECT_EQ(requests_for_several(f), 2u);
  EXPECT_EQ(f.links_requests(), 52u);  // and the fifty that are gone
}

TEST(BulkLinks, AServiceThatFallsOverSeveralIdsIsAskedForOneAtATimeFromTheSecondFallOn) {
  LinksServiceFixture f(30);
  f.service.origin.handle("/links", [](const demo::Request& request) {
    const std::vector<std::string> ids = request.params_named("ID");
    if (ids.size() > 1) return demo::Reply::text(500, "<html>boom</html>", "text/html");
    return votable_reply(links_votable({file_row(ids.front())}));
  });
  f.start();
  const auto enter = [&](std::size_t i) { ASSERT_TRUE(f.enter(i, {}, Siblings::all)) << i; };
  enter(0);
  EXPECT_EQ(ids_taken(f), kMostIds);  // once may be chance
  enter(1);
  EXPECT_EQ(ids_taken(f), 1u);
  const std::size_t several = requests_for_several(f);  // each fall is tried again by the client before it counts
  walk(f, Siblings::all);
  EXPECT_EQ(requests_for_several(f), several);
  f.start();  // a remount
  EXPECT_EQ(ids_taken(f), 1u);
  f.clock.advance(std::chrono::hours(24 * 8));
  EXPECT_EQ(ids_taken(f), kMostIds);  // services learn
}

TEST(BulkLinks, AnArchiveThatIsDownIsNotTakenForOneThatTakesNoSeveralIds) {
  LinksServiceFixture f(10);
  f.start();
  f.service.origin.misbehave("/links", {.status = 500});
  const auto folder = f.enter(0, {}, Siblings::all);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code(), Code::unavailable);
  f.service.origin.behave();
  walk(f, Siblings::all);
  EXPECT_EQ(ids_taken(f), kMostIds);
}

TEST(BulkLinks, AnAnswerThatIsCutInSilenceIsNotBelievedOfItsLastDataset) {
  LinksServiceFixture f(20);
  f.service.origin.handle("/links", [](const demo::Request& request) {
    std::vector<LinkRow> rows;
    for (const std::string& id : request.params_named("ID")) {
      for (const char* part : {"_0", "_1", "_2"}) rows.push_back(file_row(id, part));
    }
    rows.resize(std::min<std::size_t>(rows.size(), 7));  // two datasets and a third of the next
    return votable_reply(links_votable(rows));
  });
  f.start();
  for (std::size_t i = 0; i < 20; ++i) {
    const auto folder = f.enter(i, {}, Siblings::all);
    ASSERT_TRUE(folder);
    EXPECT_THAT((*folder)->entries, SizeIs(3)) << i;
  }
}

TEST(BulkLinks, AnErrorBehindTheRowsOfSeveralLosesNoDataset) {
  LinksServiceFixture f(20);
  f.service.origin.handle("/links", [](const demo::Request& request) {
    const std::vector<std::string> ids = request.params_named("ID");
    std::vector<LinkRow> rows;
    for (const std::string& id : ids) {
      if (rows.size() < 10) rows.insert(rows.end(), {file_row(id, "_0"), file_row(id, "_1"), file_row(id, "_2")});
    }
    if (ids.size() == 1) return votable_reply(links_votable(rows));
    rows.pop_back();
    std::string document = links_votable(rows);
    document.replace(document.find("</TABLE>"), 8, "</TABLE><INFO name=\"QUERY_STATUS\" value=\"ERROR\">disk</INFO>");
    return votable_reply(document);
  });
  f.start();
  for (std::size_t i = 0; i < 20; ++i) {
    const auto folder = f.enter(i, {}, Siblings::all);
    ASSERT_TRUE(folder);
    EXPECT_THAT((*folder)->entries, SizeIs(3)) << i;
    EXPECT_THAT((*folder)->faults, IsEmpty()) << i;
  }
}

TEST(BulkLinks, RowsOfOtherDatasetsAreNobodysWhetherAskedForAloneOrTogether) {
  for (const Siblings siblings : {Siblings::none, Siblings::all}) {
    LinksServiceFixture f(12);
    f.service.origin.handle("/links", [](const demo::Request& request) {
      std::vector<LinkRow> rows{file_row("ivo://fake/~?stranger")};
      for (const std::string& id : request.params_named("ID")) rows.push_back(file_row(id));
      rows.push_back(file_row("ivo://fake/~?plate10"));
      return votable_reply(links_votable(rows));
    });
    f.start();
    for (std::size_t i = 0; i < 10; ++i) {
      const auto folder = f.enter(i, {}, siblings);
      ASSERT_TRUE(folder);
      EXPECT_THAT(names_of(**folder), ElementsAre("plate" + std::to_string(i) + ".fits"));
      EXPECT_THAT((*folder)->links_document, Not(HasSubstr("stranger")));
    }
  }
}

TEST(BulkLinks, AServiceThatCallsTheDatasetOtherwiseIsBelievedWhenAskedForOne) {
  LinksServiceFixture f(1);
  f.answer_ids([](const std::string&) -> std::vector<LinkRow> {
    return {file_row("ivo://other/~?a"), file_row("ivo://other/~?b")};
  });
  f.start();
  EXPECT_THAT(names_of(**f.enter(0)), ElementsAre("a.fits", "b.fits"));
}

TEST(BulkLinks, TheDemoArchivesDatasetsAreTheSameAskedAloneOrTogether) {
  demo::Origin origin;
  demo::DemoArchive demo(origin);
  std::vector<std::set<std::string>> seen;
  for (const unsigned batch : {1U, 0U}) {
    ArchiveOptions options;
    options.name = "demo";
    options.tap.url = demo.tap_url();
    options.datalink.batch = batch;
    HttpOptions http;
    http.allow_private = true;
    SystemClock clock;
    auto archive = std::make_shared<Archive>(options, make_http_client(http), nullptr, clock);
    Catalog catalog(archive, nullptr, clock);
    const ListingPtr listing = catalog.listing(parse_component("collection=DEMO_*").value(), soon()).value();
    std::set<std::string> all;
    for (const Dataset& dataset : listing->datasets) {
      const auto folder = catalog.folder(listing, dataset, {}, Siblings::all, soon());
      ASSERT_TRUE(folder) << dataset.name << ": " << folder.error().what();
      std::string text = std::string(dataset.name) + ":";
      for (const Entry& entry : (*folder)->entries) text += " " + entry.identity + "=" + entry.url;
      for (const LinkFault& fault : (*folder)->faults) text += " !" + fault.fault;
      for (const auto& service : (*folder)->services) {
        text += " @" + service.access_url;
        for (const auto& [name, value] : service.fixed) text += " " + name + "=" + value;
      }
      all.insert(std::move(text));
    }
    seen.push_back(std::move(all));
  }
  EXPECT_EQ(seen[0], seen[1]);
}

}  // namespace
}  // namespace skymount::vo
