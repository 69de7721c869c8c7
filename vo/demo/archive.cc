// SPDX-License-Identifier: MIT
//
// Puts the services and the files onto an origin.
#include "vo/demo/archive.h"

#include "vo/demo/services.h"
#include "vo/demo/tap_jobs.h"
#include "vo/demo/tap_tables.h"

#include <cstdio>

namespace skymount::demo {
namespace {

/// Validators that are the same at every start and different in every generation.
OriginFile origin_file(const DataFile& file, unsigned generation) {
  const std::uint64_t hash = mixed(mixed(file.path) + generation);
  char tag[24];
  std::snprintf(tag, sizeof tag, "\"%016llx\"", static_cast<unsigned long long>(hash));
  OriginFile out;
  out.content_type = file.content_type;
  out.etag = tag;
  out.last_modified =
      1'577'836'800 + 86'400 * static_cast<std::int64_t>(generation) + static_cast<std::int64_t>(hash % 86'400);
  out.content_disposition = file.disposition;
  out.size = file.layout->size();
  out.read = [layout = file.layout](std::uint64_t at, std::span<std::byte> bytes) { layout->read(at, bytes); };
  return out;
}

Reply bulk_answer(const Services& services, const Request& request) {
  const auto n = bulk_number(request.path);
  if (!n) return Reply::text(404, "there is nothing at " + request.path + "\n");
  const OriginFile file = origin_file(bulk_file(*n), services.options.generation);
  Reply reply;
  reply.content_type = file.content_type;
  reply.etag = file.etag;
  reply.last_modified = file.last_modified;
  reply.size = file.size;
  reply.read = file.read;
  reply.ranges = true;
  return reply;
}

}  // namespace

Services::Services(DemoOptions opts, std::string url)
    : options(std::move(opts)),
      base(std::move(url)),
      sky(options.generation),
      store(demo_source(sky, options, base), options.geometry),
      jobs(std::make_unique<TapJobs>()) {}

Services::Services(DemoOptions opts, std::string url, const TableSource& tables)
    : options(std::move(opts)),
      base(std::move(url)),
      sky(options.generation),
      store(tables, options.geometry),
      jobs(std::make_unique<TapJobs>()) {}

Services::~Services() = default;

struct DemoArchive::State {
  ServicesPtr services;
};

DemoArchive::DemoArchive(Origin& origin, DemoOptions options) : state_(std::make_shared<State>()) {
  const std::string base = options.public_url.empty() ? origin.url("") : options.public_url;
  const ServicesPtr services = std::make_shared<Services>(std::move(options), base);
  state_->services = services;
  using Answer = Reply (*)(const ServicesPtr&, const Request&);
  for (const auto& [prefix, answer] : {std::pair<const char*, Answer>{"/tap", tap_answer},
                                       {"/links", links_answer},
                                       {"/soda", soda_answer},
                                       {"/previews/", preview_answer},
                                       {"/ssa", ssa_answer},
                                       {"/sesame", sesame_answer}}) {
    origin.handle(prefix, [services, answer = answer](const Request& request) { return answer(services, request); });
  }
  origin.handle("/files/DEMO_BULK/", [services](const Request& request) { return bulk_answer(*services, request); });
  for (const auto& [path, file] : services->sky.files()) {
    origin.put(path, origin_file(file, services->options.generation));
  }
}

DemoArchive::~DemoArchive() = default;

const SkyModel& DemoArchive::sky() const {
  return state_->services->sky;
}
std::string DemoArchive::tap_url() const {
  return state_->services->base + "/tap";
}

std::size_t DemoArchive::jobs_alive() const {
  return state_->services->jobs->alive();
}

std::string DemoArchive::sesame_url() const {
  return state_->services->base + "/sesame";
}

std::string DemoArchive::links_url(std::string_view did) const {
  return state_->services->base + "/links?ID=" + url_encode(did);
}

std::string DemoArchive::file_url(std::string_view path) const {
  return state_->services->base + encoded_path(path);
}

std::string DemoArchive::file_bytes(const std::string& path) const {
  const DataFile* file = sky().file(path);
  if (file == nullptr) return {};
  std::string bytes(file->layout->size(), '\0');
  file->layout->read(0, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string DemoArchive::soda_token(std::string_view did) const {
  return demo::soda_token(did);
}

std::string DemoArchive::config_toml(std::string_view name) const {
  return "# The demo archive of skymount, served from this machine.\nname = \"" + std::string(name) +
         "\"\ntitle = \"Demo archive\"\n\n[tap]\nurl = \"" + tap_url() +
         "\"\n\n[network]\nallow_private = true  # it is served from 127.0.0.1\n";
}

}  // namespace skymount::demo
