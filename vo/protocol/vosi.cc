// SPDX-License-Identifier: MIT
#include "vo/protocol/vosi.h"

#include "vo/protocol/dali.h"

namespace skymount::vo {
namespace {

constexpr const char* kUsualName = "ivoa.obscore";

// String comparison in TAP_SCHEMA minds the case although identifiers in queries do not, so the variants are listed;
// LOWER() is an optional feature of ADQL.
constexpr const char* kWhere =
    "SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name IN "
    "('ivoa.obscore', 'ivoa.ObsCore', 'ivoa.Obscore', 'ivoa.OBSCORE', 'obscore', 'ObsCore', 'Obscore')";

}  // namespace

Result<std::string> find_obscore_table(const TapService& service, const std::string& language,
                                       const FetchContext& ctx) {
  // 10: at most the seven variants can match.
  const Result<Table> found = service.query({.query = kWhere, .language = language, .maxrec = 10}, ctx);
  if (!found) {
    const Code code = found.error().code();
    if (code == Code::invalid || code == Code::corrupt || code == Code::unsupported) return std::string(kUsualName);
    return fail(found.error().during("looking for the ObsCore table"));
  }
  std::string bare;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const std::string name = found->text(i, "table_name");
    if (starts_with_word(name, "ivoa.") && same_word(name.substr(5), "obscore")) return name;
    if (same_word(name, "obscore")) bare = name;
  }
  // A bare name comes from services that strip schemas in TAP_SCHEMA; queries want the schema all the same.
  return bare.empty() ? std::string(kUsualName) : "ivoa." + bare;
}

}  // namespace skymount::vo
