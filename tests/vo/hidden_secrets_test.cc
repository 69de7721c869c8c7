// SPDX-License-Identifier: MIT
//
// An archive repeats the login it was shown wherever it can; nothing that is made of its words for people shows it.
#include "cache/base/log.h"
#include "vo/auth/hidden_secret.h"
#include "vo/dataset_names.h"
#include "vo/file_names.h"
#include "vo/http/error_answer.h"
#include "vo/http/redact.h"
#include "vo/http/url.h"
#include "vo/protocol/dali.h"
#include "vo/shown_table.h"
#include "vo/votable/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skymount::vo {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HiddenSecrets, AreInNoTextNameAddressOrTableThatPeopleSee) {
  const std::string password = "p4ss/word&more here";
  hide_login("anna", password);
  for (const std::string& form : {password, std::string("anna:") + password, std::string("p4ss%2Fword%26more%20here"),
                                  std::string("p4ss%2fword%26more+here"), std::string("P4SS/WORD&MORE HERE"),
                                  std::string("p4ss/word&amp;more here"), base64_of("anna:" + password),
                                  base64_of(password), percent_encode(base64_of("anna:" + password))}) {
    SCOPED_TRACE(form);
    const auto hidden = [&](const std::string& shown) { EXPECT_THAT(shown, Not(HasSubstr(form))); };
    hidden(redact_text("Who sent (" + form + ")?"));
    hidden(blank_urls("<INFO>" + form + "</INFO>"));
    hidden(words_of("the archive says " + form));
    hidden(gist_of("<p>you sent " + form + "</p>"));
    hidden(printable(form + ".fits"));
    hidden(safe_name(form + ".fits"));
    hidden(NameTemplate::parse("{a:lower}").value().name_of([&](std::string_view) { return form; }));
    if (const auto url = Url::parse("https://a.example/d/" + form + "/x?a=" + form)) hidden(url->redacted());
    Table table;
    table.meta.has_table = true;
    table.meta.table_name = table.meta.description = form;
    table.meta.fields.resize(2);
    table.meta.fields[0].name = table.meta.fields[1].description = form;
    for (Field& field : table.meta.fields) field.datatype_text = "char", field.datatype = Datatype::character;
    table.meta.infos = {{"", form, form, form}};
    table.append({form, "x" + form});
    const Showing showing = showing_of(table);
    EXPECT_EQ(read_votable(as_bytes(write_votable(table, &showing))).value().row(0)[0],
              Value(form.starts_with("anna") ? "anna:***" : "***"));
    hidden(read_votable(as_bytes(write_votable(table, &showing))).value().meta.fields[0].name);
    hidden(write_votable(table, &showing));
    hidden(write_csv(table, &showing));
  }
}

}  // namespace
}  // namespace skymount::vo
