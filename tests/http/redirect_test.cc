// SPDX-License-Identifier: MIT
//
// Where requests end up: redirects, maps, private addresses, proxies.
#include "vo/http/redirect.h"
#include "tests/http/http_fixture.h"
#include "vo/http/address_guard.h"
#include "vo/http/origin_map.h"
#include "vo/http/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace skymount::vo {
namespace {

using namespace std::chrono_literals;
using demo::Faults;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Faults to(std::string where, int status = 302) {
  Faults faults;
  faults.redirect_to = std::move(where);
  faults.redirect_status = status;
  return faults;
}

TEST(Redirect, IsFollowedOverHostsAndRelativeReferences) {
  demo::Origin first, second;
  first.misbehave("/a/b", to("../c?x=1"));
  first.misbehave("/c", to(second.url("/end")));
  second.put("/end", "there");
  auto whole = local_client()->get_whole(get(first.url("/a/b")), soon());
  ASSERT_TRUE(whole) << whole.error().what();
  EXPECT_EQ(whole->body, "there");
  EXPECT_EQ(whole->response.final_url.text(), second.url("/end"));
  EXPECT_THAT(asked(first), ElementsAre("GET /a/b", "GET /c?x=1"));
}

TEST(Redirect, TurnsAPostIntoAGetExceptWhere307SaysOtherwise) {
  demo::Origin origin;
  origin.handle("/end", [](const demo::Request& r) { return demo::Reply::text(200, r.method + ":" + r.body); });
  HttpRequest request = get(origin.url("/start"));
  request.method = "POST";
  request.body = "a=b";
  for (const int status : {301, 302, 303}) {
    origin.misbehave("/start", to("/end", status));
    EXPECT_EQ(local_client()->get_whole(request, soon())->body, "GET:") << status;
  }
  for (const int status : {307, 308}) {
    origin.misbehave("/start", to("/end", status));
    EXPECT_EQ(local_client()->get_whole(request, soon())->body, "POST:a=b") << status;
  }
}

TEST(Redirect, ALoopEndsAfterTenHops) {
  demo::Origin origin;
  origin.misbehave("/x", to("/x"));
  auto whole = local_client()->get_whole(get(origin.url("/x")), soon());
  ASSERT_FALSE(whole);
  EXPECT_THAT(whole.error().what(), HasSubstr("more than 10 redirects"));
  EXPECT_EQ(origin.count("/x"), 11U);
}

TEST(Redirect, NeverLeadsAwayFromHttp) {
  demo::Origin origin;
  for (const char* where : {"file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "http://"}) {
    origin.misbehave("/x", to(where));
    auto whole = local_client()->get_whole(get(origin.url("/x")), soon());
    ASSERT_FALSE(whole) << where;
    EXPECT_EQ(whole.error().code(), Code::unsupported) << where;
  }
}

TEST(Redirect, SecretsStayWithTheOriginTheyAreFor) {
  HttpRequest request = get("https://a.example/x");
  request.headers.add("Authorization", "Bearer s");
  request.headers.add("Cookie", "c=1");
  request.headers.add("X-Auth-Token", "t");
  request.headers.add("Accept", "*/*");
  const auto headers_after = [&](const char* location) {
    HttpResponse response;
    response.status = 302;
    response.final_url = request.url;
    response.headers.add("Location", location);
    return redirected(request, response)->headers;
  };
  for (const char* other : {"https://b.example/x", "http://a.example/x", "https://a.example:8443/x"}) {
    const HttpHeaders headers = headers_after(other);
    EXPECT_FALSE(headers.get("Authorization") || headers.get("Cookie") || headers.get("X-Auth-Token")) << other;
    EXPECT_TRUE(headers.get("Accept"));
  }
  EXPECT_TRUE(headers_after("/y").get("Authorization"));
}

TEST(PrivateAddresses, AreRefusedDirectlyAndBehindRedirects) {
  demo::Origin archive, inside;
  inside.put("/secret", "router password");
  HttpOptions options = local_options();
  options.allow_private = false;
  auto closed = local_client(options)->get_whole(get(inside.url("/secret")), soon());
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code(), Code::unavailable);
  EXPECT_THAT(closed.error().what(), HasSubstr("private address"));
  EXPECT_THAT(closed.error().what(), HasSubstr("allow_private"));

  options.map = {{"archive.example", archive.url("/")}};
  auto client = local_client(options);
  archive.put("/ok", "ok");
  EXPECT_EQ(client->get_whole(get("http://archive.example/ok"), soon())->body, "ok") << "a mapped origin is exempt";
  const std::string port = std::to_string(inside.port());
  for (const std::string& where :
       {inside.url("/secret"), "http://localhost:" + port + "/secret", "http://[::1]:" + port + "/secret",
        "http://127.1:" + port + "/secret", "http://[::ffff:127.0.0.1]:" + port + "/secret"}) {
    archive.misbehave("/go", to(where));
    auto led = client->get_whole(get("http://archive.example/go"), soon());
    ASSERT_FALSE(led) << where;
    EXPECT_THAT(led.error().what(), HasSubstr("private address")) << where;
  }
  EXPECT_EQ(inside.connections(), 0);
}

bool is_private(const char* text) {
  sockaddr_in six_or_four{};
  sockaddr_in6 six{};
  if (inet_pton(AF_INET, text, &six_or_four.sin_addr) == 1) {
    six_or_four.sin_family = AF_INET;
    return is_private_address(reinterpret_cast<const sockaddr&>(six_or_four));
  }
  EXPECT_EQ(inet_pton(AF_INET6, text, &six.sin6_addr), 1) << text;
  six.sin6_family = AF_INET6;
  return is_private_address(reinterpret_cast<const sockaddr&>(six));
}

TEST(PrivateAddresses, AreKnownInEveryForm) {
  for (const char* inside : {"0.0.0.0",
                             "10.1.2.3",
                             "100.64.0.1",
                             "127.0.0.1",
                             "169.254.169.254",
                             "172.31.255.255",
                             "192.168.1.1",
                             "198.19.0.1",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::127.0.0.1",
                             "::ffff:10.0.0.1",
                             "fe80::1",
                             "fec0::1",
                             "fd00::1",
                             "ff02::1",
                             "64:ff9b::7f00:1",
                             "2002:7f00:1::1",
                             "2001:db8::1"})
    EXPECT_TRUE(is_private(inside)) << inside;
  for (const char* outside :
       {"129.206.110.1", "134.171.46.1", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:4860:4860::8888",
        "::ffff:129.206.110.1", "64:ff9b::81ce:6e01", "2002:81ce:6e01::1"})
    EXPECT_FALSE(is_private(outside)) << outside;
  EXPECT_TRUE(is_private_literal("127.1"));
  EXPECT_TRUE(is_private_literal("0x7f000001"));
  EXPECT_TRUE(is_private_literal("localhost"));
  EXPECT_FALSE(is_private_literal("dc.g-vo.org"));
}

TEST(OriginMap, TakesThePlaceOfHostAndPortAndKeepsTheRest) {
  const auto instead = [](const char* url, OriginRewrites rewrites) {
    auto out = rewritten(Url::parse(url).value(), rewrites);
    return out ? (*out ? (*out)->text() : "bad") : "-";
  };
  EXPECT_EQ(instead("http://dc.g-vo.org/tap/sync?x=1%2F", {{"dc.g-vo.org", "http://127.0.0.1:8080"}}),
            "http://127.0.0.1:8080/tap/sync?x=1%2F");
  EXPECT_EQ(instead("https://DC.g-vo.org/x", {{"DC.G-VO.org", "http://127.0.0.1:8080/mirror/"}}),
            "http://127.0.0.1:8080/mirror/x");
  EXPECT_EQ(instead("https://a.example/x", {{"a.example:443", "http://127.0.0.1:1"}}), "http://127.0.0.1:1/x");
  EXPECT_EQ(instead("https://a.example:8443/x", {{"a.example", "http://127.0.0.1:1"}}), "-");
  EXPECT_EQ(instead("https://sub.a.example/x", {{"a.example", "http://127.0.0.1:1"}}), "-");
  EXPECT_EQ(instead("https://a.example/x", {{"a.example", "nowhere"}}), "bad");
}

TEST(OriginMap, AnswersCarryTheUrlThatWasMeant) {
  demo::Origin origin;
  origin.misbehave("/a", to("b"));
  origin.put("/b", "b");
  HttpOptions options;
  options.map = {{"archive.example", origin.url("/")}};
  auto whole = local_client(options)->get_whole(get("https://archive.example/a"), soon());
  ASSERT_TRUE(whole) << whole.error().what();
  EXPECT_EQ(whole->response.final_url.text(), "https://archive.example/b");
}

TEST(Proxy, IsAskedInTheOriginsPlace) {
  demo::Origin proxy;
  proxy.handle("/", [](const demo::Request& r) { return demo::Reply::text(200, r.target); });
  HttpOptions options;  // allow_private is off: the proxy itself is exempt
  options.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  auto whole = local_client(options)->get_whole(get("http://archive.example/x?y"), soon());
  ASSERT_TRUE(whole) << whole.error().what();
  const auto seen = proxy.requests().at(0);
  EXPECT_THAT(seen.target, HasSubstr("/x?y"));
  EXPECT_THAT(seen.headers, Contains(Pair("Host", "archive.example")));
  EXPECT_FALSE(local_client(options)->get_whole(get("http://10.0.0.1/x"), soon()))
      << "a proxy must not be led inside either";
  EXPECT_EQ(proxy.requests().size(), 1U);
}

TEST(Proxy, YieldsToNoProxy) {
  EXPECT_TRUE(bypasses_proxy("dc.g-vo.org", "localhost, .g-vo.org"));
  EXPECT_TRUE(bypasses_proxy("g-vo.org", ".G-VO.org"));
  EXPECT_TRUE(bypasses_proxy("a.example", "*"));
  EXPECT_FALSE(bypasses_proxy("notg-vo.org", "g-vo.org"));
  EXPECT_FALSE(bypasses_proxy("a.example", ""));
}

}  // namespace
}  // namespace skymount::vo
