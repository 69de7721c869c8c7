// SPDX-License-Identifier: MIT
#include "vo/resolver.h"

#include "cache/base/record.h"
#include "cache/content_id.h"
#include "vo/http/client.h"
#include "vo/protocol/dali.h"
#include "vo/protocol/sesame.h"
#include "vo/shelf.h"

#include <algorithm>

namespace skymount::vo {
namespace {

// Objects do not move in a month; a better position of a galaxy is no reason to ask more often.
constexpr std::chrono::hours kLifetime{30 * 24};
// Names in use at once are few.
constexpr std::size_t kNames = 4096;
constexpr std::uint64_t kNameBytes = 4'000'000;
// With all identifiers of a famous object some 20 kB.
constexpr std::uint64_t kLongestAnswer = 1 << 20;
// A resolver that takes longer than this is as good as gone: two of them fit into a listing's usual budget of a minute.
constexpr std::chrono::seconds kPatience{45};
constexpr std::uint8_t kLayout = 2;  // 1 had no remark

}  // namespace

Bytes pack(const Resolved& resolved) {
  RecordWriter out;
  out.u8(kLayout);
  out.f64(resolved.position.ra_deg);
  out.f64(resolved.position.dec_deg);
  out.text(resolved.name);
  out.text(resolved.resolver);
  out.text(resolved.url);
  out.i64(resolved.asked_at.time_since_epoch().count());
  out.text(resolved.remark);
  return std::move(out).take();
}

std::optional<Resolved> unpack_resolved(ByteView bytes) {
  RecordReader in(bytes);
  const std::uint8_t layout = in.u8();
  if (layout == 0 || layout > kLayout) return std::nullopt;
  Resolved out;
  out.position.ra_deg = in.f64();
  out.position.dec_deg = in.f64();
  out.name = in.text();
  out.resolver = in.text();
  out.url = in.text();
  out.asked_at = WallTime(std::chrono::milliseconds(in.i64()));
  if (layout > 1) out.remark = in.text();
  const bool on_the_sky = out.position.ra_deg >= 0 && out.position.ra_deg < 360 && out.position.dec_deg >= -90 &&
                          out.position.dec_deg <= 90;
  if (!in.complete() || !on_the_sky) return std::nullopt;
  return out;
}

class Resolver::Impl {
 public:
  Impl(ResolverOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
       const Clock& clock, std::chrono::milliseconds negative)
      : options_(std::move(options)),
        http_(std::move(http)),
        clock_(clock),
        names_({cache::MetaStore::Room::services, "sesame\n", kLifetime, negative, kPatience,
                [](const Resolved& r) { return 200 + r.name.size() + r.resolver.size() + r.url.size(); }},
               kNames, kNameBytes, "sesame", std::move(store), clock) {}

  std::optional<Resolved> in_memory(const std::string& name) const {
    const auto known = names_.in_memory(name);
    return known ? std::optional(*known) : std::nullopt;
  }

  Result<Resolved> resolve(const std::string& name, const FetchContext& ctx) {
    // The first to come sets the time: a flight is not longer for those who join it.
    const auto now = FetchContext::Steady::now();
    const auto until = std::max(ctx.deadline, now);  // kAtHandOnly is before everything
    const auto budget = std::min<FetchContext::Steady::duration>(until - now, kPatience);
    const auto known = names_.get(
        name, ctx, [](const SharedBytes& r) { return unpack_resolved(r.view()); },
        [this, name, budget](const FetchContext& own) { return ask_all(name, budget, own); });
    if (!known) return fail(known.error().during("target=" + words_of(name, 120)));
    return **known;
  }

 private:
  Result<Resolved> ask_all(const std::string& name, FetchContext::Steady::duration budget,
                           const FetchContext& ctx) const {
    std::optional<Error> first;
    for (const std::string& base : options_.urls) {
      FetchContext share = ctx;
      share.deadline = std::min(ctx.deadline, FetchContext::Steady::now() + budget / 3);
      Result<Resolved> answer = ask(base, name, share);
      if (answer || answer.error().code() == Code::not_found || ctx.stopped()) return answer;
      if (!first) first = std::move(answer).error();
    }
    if (!first) return fail(Code::unsupported, "no name resolver is configured ([sesame] url in skymount.toml)");
    // What a resolver answered wrongly is as good as no answer: another time or another mirror may do better.
    if (first->code() == Code::timed_out || first->code() == Code::cancelled) return fail(std::move(*first));
    return fail(Code::unavailable, first->what());
  }

  Result<Resolved> ask(const std::string& base, const std::string& name, const FetchContext& ctx) const {
    const Result<Url> url = sesame_question(base, name);
    if (!url) return fail(url.error());
    HttpRequest request;
    request.url = *url;
    request.max_body = kLongestAnswer;
    auto whole = http_->get_whole(std::move(request), ctx);
    if (!whole) return fail(std::move(whole).error().during(url->redacted()));
    if (whole->response.status != 200) {
      const Error error = error_of_answer(whole->response.status, whole->body);
      return fail(Code::unavailable, url->redacted() + ": " + error.what());
    }
    Result<SesameAnswer> found = parse_sesame(whole->body);
    if (!found) {
      const bool odd = found.error().code() == Code::corrupt;
      return fail(found.error().during(url->redacted() + (odd ? ": " + first_words(whole->body) : "")));
    }
    return Resolved{found->position, std::move(found->name),  std::move(found->resolver), base,
                    clock_.now(),    std::move(found->remark)};
  }

  const ResolverOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const Clock& clock_;
  Shelf<Resolved> names_;
};

Resolver::Resolver(ResolverOptions options, std::shared_ptr<HttpClient> http, std::shared_ptr<cache::MetaStore> store,
                   const Clock& clock, std::chrono::milliseconds negative)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(http), std::move(store), clock, negative)) {}
Resolver::~Resolver() = default;

std::optional<Resolved> Resolver::in_memory(std::string_view name) const {
  return impl_->in_memory(std::string(name));
}

Result<Resolved> Resolver::resolve(std::string_view name, const FetchContext& ctx) {
  return impl_->resolve(std::string(name), ctx);
}

Result<Query> Resolver::complete(Query query, const FetchContext& ctx) {
  if (!query.target) return query;
  const Result<Resolved> found = resolve(*query.target, ctx);
  if (!found) return fail(found.error());
  query.position = found->position;
  return query;
}

std::optional<Query> Resolver::complete_in_memory(Query query) const {
  if (!query.target) return query;
  const std::optional<Resolved> found = in_memory(*query.target);
  if (!found) return std::nullopt;
  query.position = found->position;
  return query;
}

}  // namespace skymount::vo
