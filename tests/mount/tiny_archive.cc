// SPDX-License-Identifier: MIT
#include "tests/mount/tiny_archive.h"

#include <cstdio>
#include <mutex>
#include <random>

namespace skymount::test {

struct TinyArchive::State {
  std::mutex mutex;
  std::vector<TinyDataset> datasets;
  std::optional<demo::Reply> instead;
};

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else
      out += c;
  }
  return out;
}

std::string did_of(const std::string& id) {
  return "ivo://tiny.test/data?" + id;
}

std::string fields(std::initializer_list<std::pair<const char*, const char*>> columns) {
  std::string out;
  for (const auto& [name, type] : columns) {
    out += std::string("<FIELD name=\"") + name + "\" datatype=\"" + type + "\"";
    if (std::string_view(type) == "char") out += " arraysize=\"*\"";
    out += "/>";
  }
  return out;
}

std::string document(const std::string& columns, const std::string& rows) {
  return "<?xml version=\"1.0\"?><VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">"
         "<RESOURCE type=\"results\"><INFO name=\"QUERY_STATUS\" value=\"OK\"/><TABLE>" +
         columns + "<DATA><TABLEDATA>" + rows + "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
}

std::string row(std::initializer_list<std::string> cells) {
  std::string out = "<TR>";
  for (const std::string& cell : cells) out += "<TD>" + escaped(cell) + "</TD>";
  return out + "</TR>";
}

}  // namespace

TinyArchive::TinyArchive(demo::Origin& origin) : origin_(origin), state_(std::make_shared<State>()) {
  origin.handle("/tap", [state = state_, &origin](const demo::Request& request) {
    const std::string query = request.param("QUERY").value_or("");
    std::lock_guard lock(state->mutex);
    if (query.find("TAP_SCHEMA") != std::string::npos) {
      return demo::Reply::text(200, document(fields({{"table_name", "char"}}), row({"ivoa.obscore"})),
                               "application/x-votable+xml");
    }
    if (state->instead) return *state->instead;
    std::string rows;
    for (const TinyDataset& dataset : state->datasets) {
      rows += row({dataset.type, dataset.collection, dataset.id, did_of(dataset.id),
                   origin.url("/links?ID=" + demo::url_encode(did_of(dataset.id))),
                   "application/x-votable+xml;content=datalink", dataset.estsize_kb, "156.0", "48.0", "0.5",
                   std::to_string(dataset.t_min_mjd), std::to_string(dataset.t_min_mjd + 0.1)});
    }
    return demo::Reply::text(200,
                             document(fields({{"dataproduct_type", "char"},
                                              {"obs_collection", "char"},
                                              {"obs_id", "char"},
                                              {"obs_publisher_did", "char"},
                                              {"access_url", "char"},
                                              {"access_format", "char"},
                                              {"access_estsize", "long"},
                                              {"s_ra", "double"},
                                              {"s_dec", "double"},
                                              {"s_fov", "double"},
                                              {"t_min", "double"},
                                              {"t_max", "double"}}),
                                      rows),
                             "application/x-votable+xml");
  });
  origin.handle("/links", [state = state_, &origin](const demo::Request& request) {
    const std::string id = request.param("ID").value_or("");
    std::lock_guard lock(state->mutex);
    std::string rows;
    for (const TinyDataset& dataset : state->datasets) {
      if (did_of(dataset.id) != id) continue;
      for (const TinyLink& link : dataset.links) {
        rows += row({id, link.error.empty() ? origin.url(link.path) : "", "", link.error, link.semantics, "",
                     link.content_type, link.content_length});
      }
    }
    if (rows.empty()) rows = row({id, "", "", "NotFoundFault: no such id", "#this", "", "", "-1"});
    return demo::Reply::text(200,
                             document(fields({{"ID", "char"},
                                              {"access_url", "char"},
                                              {"service_def", "char"},
                                              {"error_message", "char"},
                                              {"semantics", "char"},
                                              {"description", "char"},
                                              {"content_type", "char"},
                                              {"content_length", "long"}}),
                                      rows),
                             "application/x-votable+xml;content=datalink");
  });
}

void TinyArchive::add(TinyDataset dataset) {
  std::lock_guard lock(state_->mutex);
  state_->datasets.push_back(std::move(dataset));
}

void TinyArchive::answer_with(std::string body, int status, std::string content_type) {
  std::lock_guard lock(state_->mutex);
  state_->instead = demo::Reply::text(status, std::move(body), std::move(content_type));
}

std::string small_fits(int rows, unsigned seed) {
  const auto card = [](const std::string& text) { return text + std::string(80 - text.size(), ' '); };
  char naxis2[81];
  std::snprintf(naxis2, sizeof naxis2, "NAXIS2  = %20d", rows);
  std::string out = card("SIMPLE  =                    T") + card("BITPIX  =                   16") +
                    card("NAXIS   =                    2") + card("NAXIS1  =                 1440") + card(naxis2);
  // The whole sky, so that each position can be cut out.
  char scale[81], middle[81];
  std::snprintf(scale, sizeof scale, "CDELT2  = %20.10f", 180.0 / rows);
  std::snprintf(middle, sizeof middle, "CRPIX2  = %20.1f", (rows + 1) / 2.0);
  for (const char* text :
       {"CTYPE1  = 'RA---CAR'", "CTYPE2  = 'DEC--CAR'", "CRVAL1  =                180.0",
        "CRVAL2  =                  0.0", "CRPIX1  =                720.5", "CDELT1  =                -0.25"})
    out += card(text);
  out += card(scale) + card(middle) + card("END");
  out.resize(2880, ' ');
  std::mt19937 random(seed);
  for (int i = 0; i < rows * 1440; ++i) {
    const unsigned sample = random() & 0x7fff;
    out += static_cast<char>(sample >> 8);
    out += static_cast<char>(sample & 0xff);
  }
  out.resize((out.size() + 2879) / 2880 * 2880, '\0');
  return out;
}

}  // namespace skymount::test
