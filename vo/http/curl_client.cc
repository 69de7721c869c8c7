// SPDX-License-Identifier: MIT
//
// The lanes. A lane's thread owns its curl_multi alone; others only put commands into its inbox and wake it. Requests
// that get no seat (admission) wait here, a line per origin, so that a dead origin holds up nobody else's.
#include "vo/http/curl_client.h"

#include "vo/http/address_guard.h"
#include "vo/http/curl_transfer.h"
#include "vo/http/proxy.h"

#include <algorithm>
#include <csignal>
#include <deque>
#include <thread>
#include <unordered_map>

#include <curl/curl.h>

namespace skymount::vo {
namespace {

void start_curl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(started);
}

}  // namespace

class CurlClient::Lane {
 public:
  Lane(CurlClient& owner, Traffic traffic) : owner_(owner), traffic_(traffic), multi_(curl_multi_init()) {
    // curl closes idle connections beyond this many; the default grows with the number of handles.
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 16L);
    thread_ = std::thread([this] { run(); });
  }

  ~Lane() {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    wake();
    thread_.join();
    for (auto& [exchange, transfer] : running_) curl_multi_remove_handle(multi_, transfer->handle());
    running_.clear();
    curl_multi_cleanup(multi_);
  }

  enum class Order { start, resume, abandon };
  void post(Order order, std::shared_ptr<Exchange> exchange) {
    {
      std::lock_guard lock(mutex_);
      inbox_.emplace_back(order, std::move(exchange));
    }
    wake();
  }
  void wake() { curl_multi_wakeup(multi_); }

 private:
  using Orders = std::vector<std::pair<Order, std::shared_ptr<Exchange>>>;

  void run() {
    // Signals are for the threads that handle them; and OpenSSL writes may raise SIGPIPE.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
      Orders orders;
      {
        std::lock_guard lock(mutex_);
        if (closing_) return;
        orders.swap(inbox_);
      }
      for (auto& [order, exchange] : orders) obey(order, exchange);
      admit();
      int still_running = 0;
      curl_multi_perform(multi_, &still_running);
      if (!collect())
        curl_multi_poll(multi_, nullptr, 0, 60'000, nullptr);  // curl's own timers and wake() end it sooner
    }
  }

  void obey(Order order, const std::shared_ptr<Exchange>& exchange) {
    const auto running = running_.find(exchange.get());
    switch (order) {
      case Order::start: line_up(exchange); break;
      case Order::resume:
        if (running != running_.end()) running->second->resume();
        break;
      case Order::abandon:
        if (running != running_.end())
          take_out(running);
        else
          std::erase(waiting_[exchange->request.url.origin()], exchange);
        break;
    }
  }

  /// Somebody waits for a demand; a prefetch is only useful to us.
  void line_up(const std::shared_ptr<Exchange>& exchange) {
    auto& line = waiting_[exchange->request.url.origin()];
    auto place = line.end();
    if (exchange->priority == Priority::demand)
      place = std::find_if(line.begin(), line.end(), [](const auto& e) { return e->priority == Priority::prefetch; });
    line.insert(place, exchange);
  }

  void admit() {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      auto& [origin, line] = *it;
      while (!line.empty()) {
        if (!line.front()->abandoned()) {
          const Admission::Seat seat = owner_.admission_.enter(origin, traffic_);
          if (!seat.granted) break;
          begin(line.front(), seat.one_off);
        }
        line.pop_front();
      }
      it = line.empty() ? waiting_.erase(it) : std::next(it);
    }
  }

  void begin(const std::shared_ptr<Exchange>& exchange, bool one_off) {
    const Url& url = exchange->request.url;
    const std::string proxy = proxy_for(url, owner_.options_.proxy);
    const bool allow_private = !proxy.empty() || owner_.may_be_private(url);
    auto transfer = std::make_unique<CurlTransfer>(
        exchange, CurlTransfer::Setup{owner_.options_, proxy, allow_private, one_off, owner_.admission_});
    curl_multi_add_handle(multi_, transfer->handle());
    running_.emplace(exchange.get(), std::move(transfer));
  }

  using Running = std::unordered_map<Exchange*, std::unique_ptr<CurlTransfer>>;
  void take_out(Running::iterator it) {
    const std::string origin = it->second->exchange()->request.url.origin();
    if (traffic_ == Traffic::metadata && it->second->spoke_http2()) owner_.admission_.speaks_http2(origin);
    curl_multi_remove_handle(multi_, it->second->handle());
    running_.erase(it);
    owner_.admission_.leave(origin, traffic_);
    owner_.seats_changed(this);
  }

  /// True when a transfer ended: its seat may go to the next one without waiting.
  bool collect() {
    bool any = false;
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      char* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      auto* transfer = reinterpret_cast<CurlTransfer*>(self);
      const CURLcode code = message->data.result;  // the message does not outlive the handle's removal
      const std::shared_ptr<Exchange> exchange = transfer->exchange();
      transfer->finish(code);
      take_out(running_.find(exchange.get()));
      any = true;
    }
    return any;
  }

  CurlClient& owner_;
  const Traffic traffic_;
  CURLM* const multi_;
  std::mutex mutex_;  // inbox_ and closing_; held for a swap only
  Orders inbox_;
  bool closing_ = false;
  Running running_;                                                       // the thread's own
  std::map<std::string, std::deque<std::shared_ptr<Exchange>>> waiting_;  // the thread's own
  std::thread thread_;
};

CurlClient::CurlClient(HttpOptions options) : options_(std::move(options)), admission_(options_.connections) {
  start_curl_once();
  for (const auto& [host, base] : options_.map)
    if (auto url = Url::parse(base)) exempt_origins_.push_back(url->origin());
}

CurlClient::~CurlClient() {
  // Taken out first: a lane that still tidies up must not find the other one half destroyed.
  std::array<std::unique_ptr<Lane>, 2> ending;
  {
    std::lock_guard lock(lanes_mutex_);
    ending.swap(lanes_);
  }
}

CurlClient::Lane& CurlClient::lane(Traffic traffic) {
  std::lock_guard lock(lanes_mutex_);
  auto& lane = lanes_[traffic == Traffic::data];
  if (!lane) lane = std::make_unique<Lane>(*this, traffic);
  return *lane;
}

void CurlClient::seats_changed(const Lane* by) {
  std::lock_guard lock(lanes_mutex_);
  for (const auto& lane : lanes_)
    if (lane && lane.get() != by) lane->wake();
}

bool CurlClient::may_be_private(const Url& url) const {
  return options_.allow_private ||
         std::find(exempt_origins_.begin(), exempt_origins_.end(), url.origin()) != exempt_origins_.end();
}

WireResult CurlClient::exchange(const HttpRequest& request, const HttpClient::OnHeader& on_header,
                                const HttpClient::OnBody& on_body, const FetchContext& ctx) {
  // Through a proxy the socket's address says nothing about where the request ends up; a literal address does.
  if (!may_be_private(request.url) && is_private_literal(request.url.host()))
    return wire_failure(WireFailure::Kind::forbidden, Code::unavailable,
                        request.url.redacted() +
                            ": is a private address, which archives may not name; if it is yours, "
                            "set allow_private = true under [network] in your own configuration file");
  auto exchange = std::make_shared<Exchange>(request, ctx.priority);
  Lane& lane = this->lane(request.traffic);
  lane.post(Lane::Order::start, exchange);
  WireResult result = exchange->wait(on_header, on_body, {options_.connect, options_.first_byte, options_.stall}, ctx,
                                     [&] { lane.post(Lane::Order::resume, exchange); });
  if (!result && !exchange->done()) lane.post(Lane::Order::abandon, exchange);
  return result;
}

}  // namespace skymount::vo
