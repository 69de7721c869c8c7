// SPDX-License-Identifier: MIT
//
// Hosts below one origin, and TAP services behind them.
#include "vo/demo/archives/site.h"

#include "vo/demo/tap_tables.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>

namespace skymount::demo {
namespace {

std::string host_of(const std::string& url) {
  return url.substr(url.find("://") + 3);
}

Site::Answer guarded_answer(std::vector<std::string> shown, Site::Answer answer) {
  return [shown = std::move(shown), answer = std::move(answer)](const Request& request) {
    const std::string header = request.header("Authorization");
    if (std::find(shown.begin(), shown.end(), header) != shown.end()) return answer(request);
    Reply refusal = Reply::text(header.empty() ? 401 : 403, "this needs a login\n");
    refusal.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"" + request.path + "\"");
    return refusal;
  };
}

/// sync as CADC has it: what was posted waits under a number.
class Redirected {
 public:
  explicit Redirected(ServicesPtr services) : services_(std::move(services)) {}

  Reply answer(Request request) {
    if (request.path == "/tap/sync" && request.method == "POST") {
      std::lock_guard lock(mutex_);
      asked_[++last_] = request.params;
      Reply reply = Reply::text(303, "");
      reply.headers.emplace_back("Location", services_->tap_url() + "/sync/" + std::to_string(last_) + "/run");
      return reply;
    }
    if (!request.path.starts_with("/tap/sync/") || !request.path.ends_with("/run"))
      return tap_answer(services_, request);
    std::lock_guard lock(mutex_);
    const auto found = asked_.find(std::atoi(request.path.c_str() + std::string_view("/tap/sync/").size()));
    if (found == asked_.end()) return Reply::text(404, "no such query\n");
    request.path = "/tap/sync";
    request.params = found->second;
    return tap_answer(services_, request);
  }

 private:
  const ServicesPtr services_;
  std::mutex mutex_;
  std::map<int, Fields> asked_;
  int last_ = 0;
};

Site::Answer tap_site(const ServicesPtr& services, const Tap& tap) {
  const auto redirected = std::make_shared<Redirected>(services);
  return [services, redirected, path = tap.path, redirects = tap.sync_redirects](const Request& request) {
    Request here = request;
    here.path = "/tap" + request.path.substr(path.size());
    return redirects ? redirected->answer(std::move(here)) : tap_answer(services, here);
  };
}

ServicesPtr tap_services(const std::string& url, Tap& tap, std::vector<Table> tables) {
  TableSource source;
  for (const Table& each : tables) source.tables.push_back(each.info);
  source.rows = [tables = std::move(tables)](const TableInfo& info, const TableSource::Add& add) {
    for (const Table& each : tables)
      if (each.info.full_name() == info.full_name()) each.rows(add);
  };
  tap.options.tap_path = tap.path;
  return std::make_shared<Services>(tap.options, url, with_schema(std::move(source)));
}

}  // namespace

Table table(const char* schema, const char* name, std::initializer_list<const char*> columns, std::vector<Row> rows) {
  Table out{{schema, name, "", {}}, [rows = std::move(rows)](const TableSource::Add& add) {
              for (const Row& row : rows) add(row);
            }};
  for (const char* written : columns) {
    std::istringstream words(written);
    ColumnInfo column;
    words >> column.field.name >> column.field.datatype >> column.field.unit >> column.field.ucd;
    if (column.field.unit == "-") column.field.unit.clear();
    out.info.columns.push_back(std::move(column));
  }
  return out;
}

Row obs_row(const Obs& o) {
  static const std::map<std::string_view, std::string Obs::*> texts = {{"dataproduct_type", &Obs::type},
                                                                       {"obs_collection", &Obs::collection},
                                                                       {"obs_id", &Obs::id},
                                                                       {"obs_publisher_did", &Obs::did},
                                                                       {"access_url", &Obs::url},
                                                                       {"access_format", &Obs::format},
                                                                       {"target_name", &Obs::target},
                                                                       {"s_region", &Obs::region},
                                                                       {"facility_name", &Obs::facility},
                                                                       {"instrument_name", &Obs::instrument},
                                                                       {"data_rights", &Obs::rights}};
  static const std::map<std::string_view, double Obs::*> numbers = {
      {"s_ra", &Obs::ra},     {"s_dec", &Obs::dec},     {"s_fov", &Obs::fov},    {"t_min", &Obs::t_min},
      {"t_max", &Obs::t_max}, {"em_min", &Obs::em_min}, {"em_max", &Obs::em_max}};
  const std::vector<ColumnInfo>& columns = obscore_columns();
  Row row(columns.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string& name = columns[i].field.name;
    if (const auto text = texts.find(name); text != texts.end()) {
      if (!(o.*text->second).empty()) row[i] = o.*text->second;
    } else if (const auto number = numbers.find(name); number != numbers.end()) {
      if (o.*number->second != 0) row[i] = o.*number->second;
    } else if (name == "calib_level") {
      row[i] = std::int64_t{o.level};
    } else if (name == "access_estsize" && o.kilobytes > 0) {
      row[i] = std::int64_t{o.kilobytes};
    }
  }
  return row;
}

Table obscore(const char* schema, const char* name, std::vector<Obs> rows) {
  return {{schema, name, "ObsCore", obscore_columns()}, [rows = std::move(rows)](const TableSource::Add& add) {
            for (const Obs& each : rows) add(obs_row(each));
          }};
}

void Site::map(const std::string& host) {
  const std::string word = host + "=" + origin_.url("/" + host);
  if (std::find(maps_.begin(), maps_.end(), word) == maps_.end()) maps_.push_back(word);
}

void Site::answer(const std::string& host, const std::string& path, Answer answer) {
  map(host);
  origin_.handle("/" + host + path, [skip = host.size() + 1, answer = std::move(answer)](const Request& request) {
    Request there = request;
    there.path = request.path.substr(skip);
    there.target = request.target.substr(skip);
    try {
      return answer(there);
    } catch (const std::invalid_argument& wrong) {
      return Reply::text(400, std::string(wrong.what()) + "\n");
    }
  });
}

void Site::guarded(const std::string& host, const std::string& path, std::vector<std::string> shown, Answer given) {
  answer(host, path, guarded_answer(std::move(shown), std::move(given)));
}

void Site::file(const std::string& host, const std::string& path, OriginFile file) {
  map(host);
  origin_.put("/" + host + path, std::move(file));
}

void Site::file(const std::string& host, const std::string& path, std::string bytes, const std::string& content_type) {
  map(host);
  origin_.put("/" + host + path, std::move(bytes), content_type);
}

ServicesPtr Site::tap(const std::string& url, Tap tap, std::vector<Table> tables) {
  const ServicesPtr services = tap_services(url, tap, std::move(tables));
  answer(host_of(url), tap.path, tap_site(services, tap));
  return services;
}

ServicesPtr Site::guarded_tap(const std::string& url, Tap tap, std::vector<Table> tables,
                              std::vector<std::string> shown) {
  const ServicesPtr services = tap_services(url, tap, std::move(tables));
  guarded(host_of(url), tap.path, std::move(shown), tap_site(services, tap));
  return services;
}

}  // namespace skymount::demo
