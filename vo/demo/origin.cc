// SPDX-License-Identifier: MIT
//
// What is served where, what goes wrong where, and what was asked.
#include "vo/demo/origin.h"

#include "vo/demo/http_server.h"
#include "vo/demo/responder.h"

#include <cstring>
#include <functional>
#include <map>
#include <mutex>

namespace skymount::demo {
namespace {

struct FaultState {
  Faults faults;
  int statuses = 0, truncations = 0;  // how often so far
};

Reply reply_of(const OriginFile& file) {
  Reply reply;
  reply.content_type = file.content_type;
  reply.read = file.read;
  reply.size = file.size;
  reply.ranges = true;
  reply.etag = file.etag;
  reply.last_modified = file.last_modified;
  if (!file.content_disposition.empty()) reply.headers.emplace_back("Content-Disposition", file.content_disposition);
  return reply;
}

/// The entry with the longest key that `text` (or `other`) starts with.
template <typename Map>
auto longest_prefix(Map& map, std::string_view text, std::string_view other) {
  auto best = map.end();
  for (auto it = map.begin(); it != map.end(); ++it) {
    if (!text.starts_with(it->first) && !other.starts_with(it->first)) continue;
    if (best == map.end() || it->first.size() > best->first.size()) best = it;
  }
  return best;
}

}  // namespace

class Origin::Impl {
 public:
  explicit Impl(int port) : server_(port, [this](Connection& c, const Request& r) { return serve(c, r); }) {}

  bool serve(Connection& connection, const Request& request);
  std::shared_ptr<RequestRecord> remember(const Request& request);
  Faults faults_for(const Request& request);
  Reply answer(const Request& request);

  mutable std::mutex mutex_;  // everything below it but the server
  std::map<std::string, OriginFile, std::less<>> files_;
  std::map<std::string, Handler, std::less<>> handlers_;
  std::map<std::string, FaultState, std::less<>> faults_;
  std::vector<std::shared_ptr<RequestRecord>> records_;
  HttpServer server_;  // last: its threads end before anything that they use
};

std::shared_ptr<RequestRecord> Origin::Impl::remember(const Request& request) {
  auto record = std::make_shared<RequestRecord>();
  record->method = request.method;
  record->target = request.target;
  record->range = request.header("Range");
  record->body = request.body;
  record->headers = request.headers;
  record->connection = request.connection;
  std::lock_guard lock(mutex_);
  records_.push_back(record);
  return record;
}

/// The faults that hold for this request, faults whose number of times is used up taken out.
Faults Origin::Impl::faults_for(const Request& request) {
  std::lock_guard lock(mutex_);
  const auto found = longest_prefix(faults_, request.target, request.path);
  if (found == faults_.end()) return {};
  FaultState& state = found->second;
  Faults faults = state.faults;
  if (faults.status != 0 && faults.status_times > 0 && ++state.statuses > faults.status_times) faults.status = 0;
  if (faults.status == 0 && faults.truncate_after && faults.truncate_times > 0 &&
      ++state.truncations > faults.truncate_times) {
    faults.truncate_after.reset();
  }
  return faults;
}

Reply Origin::Impl::answer(const Request& request) {
  Handler handler;
  {
    std::lock_guard lock(mutex_);
    if (const auto file = files_.find(request.path); file != files_.end()) return reply_of(file->second);
    if (const auto it = longest_prefix(handlers_, request.path, request.path); it != handlers_.end()) {
      handler = it->second;
    }
  }
  if (handler) return handler(request);
  return Reply::text(404, "there is nothing at " + request.path + "\n");
}

bool Origin::Impl::serve(Connection& connection, const Request& request) {
  const std::shared_ptr<RequestRecord> record = remember(request);
  const Faults faults = faults_for(request);
  const bool head = request.method == "HEAD";
  if (faults.drop_connection) return false;
  if (faults.silent || (head && faults.hang_on_head)) {
    connection.wait_for_hangup();
    return false;
  }
  if (faults.latency.count() > 0 && !connection.pause(faults.latency)) return false;

  Reply reply;
  Faults while_sending = faults;
  if (head && faults.refuse_head) {
    reply = Reply::text(405, "HEAD is not answered here\n");
  } else if (faults.status != 0) {
    reply = Reply::text(faults.status, faults.status_body, faults.status_content_type);
    if (faults.retry_after_s) reply.headers.emplace_back("Retry-After", std::to_string(*faults.retry_after_s));
  } else if (!faults.redirect_to.empty()) {
    reply = Reply::text(faults.redirect_status, "moved\n");
    reply.headers.emplace_back("Location", faults.redirect_to);
  } else {
    reply = answer(request);
  }
  return respond(connection, request, std::move(reply), while_sending,
                 {.status =
                      [&](int status) {
                        std::lock_guard lock(mutex_);
                        record->status = status;
                      },
                  .sent =
                      [&](std::uint64_t bytes) {
                        std::lock_guard lock(mutex_);
                        record->body_bytes_sent += bytes;
                      }});
}

Origin::Origin(int port) : impl_(std::make_unique<Impl>(port)) {}
Origin::~Origin() = default;

std::string Origin::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
}

int Origin::port() const {
  return impl_->server_.port();
}

void Origin::put(std::string path, OriginFile file) {
  std::lock_guard lock(impl_->mutex_);
  impl_->files_.insert_or_assign(std::move(path), std::move(file));
}

void Origin::put(std::string path, std::string bytes, std::string content_type, std::string etag,
                 std::optional<std::int64_t> last_modified) {
  const auto kept = std::make_shared<const std::string>(std::move(bytes));
  OriginFile file;
  file.content_type = std::move(content_type);
  file.etag = std::move(etag);
  file.last_modified = last_modified;
  file.size = kept->size();
  file.read = [kept](std::uint64_t offset, std::span<std::byte> out) {
    std::memcpy(out.data(), kept->data() + offset, out.size());
  };
  put(std::move(path), std::move(file));
}

void Origin::remove(std::string_view path) {
  std::lock_guard lock(impl_->mutex_);
  if (const auto it = impl_->files_.find(path); it != impl_->files_.end()) impl_->files_.erase(it);
}

void Origin::handle(std::string path_prefix, Handler handler) {
  std::lock_guard lock(impl_->mutex_);
  impl_->handlers_.insert_or_assign(std::move(path_prefix), std::move(handler));
}

void Origin::misbehave(std::string path_prefix, Faults faults) {
  std::lock_guard lock(impl_->mutex_);
  impl_->faults_.insert_or_assign(std::move(path_prefix), FaultState{std::move(faults)});
}

void Origin::behave() {
  std::lock_guard lock(impl_->mutex_);
  impl_->faults_.clear();
}

void Origin::go_down() {
  impl_->server_.stop();
}
void Origin::come_up() {
  impl_->server_.start();
}

std::vector<RequestRecord> Origin::requests() const {
  std::lock_guard lock(impl_->mutex_);
  std::vector<RequestRecord> copies;
  for (const auto& record : impl_->records_) copies.push_back(*record);
  return copies;
}

void Origin::clear_requests() {
  std::lock_guard lock(impl_->mutex_);
  impl_->records_.clear();
}

std::size_t Origin::count(std::string_view path_prefix) const {
  std::lock_guard lock(impl_->mutex_);
  std::size_t n = 0;
  for (const auto& record : impl_->records_) n += record->target.starts_with(path_prefix) ? 1 : 0;
  return n;
}

std::uint64_t Origin::body_bytes_sent() const {
  std::lock_guard lock(impl_->mutex_);
  std::uint64_t bytes = 0;
  for (const auto& record : impl_->records_) bytes += record->body_bytes_sent;
  return bytes;
}

int Origin::connections() const {
  return impl_->server_.accepted();
}

}  // namespace skymount::demo
