// SPDX-License-Identifier: MIT
//
// The control socket holds against clients that mean ill or simply die: they lose their connection, and nobody else
// notices.
#include "fs/daemon/control_server.h"
#include "fs/daemon/control_socket.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>

namespace skymount::fs {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A client without manners: what it sends is what the test says.
class Raw {
 public:
  explicit Raw(const std::filesystem::path& socket_path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Raw() { close(fd_); }
  Raw(const Raw&) = delete;
  bool connected() const { return connected_; }
  bool send(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// All until the server closes.
  std::string read_all() const {
    std::string out;
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(fd_, buffer, sizeof buffer, 0)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
    return out;
  }

 private:
  const int fd_;
  bool connected_ = false;
};

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(10ms);
  return condition();
}

class Control : public ::testing::Test {
 protected:
  std::unique_ptr<ControlServer> start(ControlServer::Handler handler) {
    ControlLimits limits;
    limits.clients = 4;
    limits.request = 300ms;
    limits.unread_answer = 300ms;
    auto server = ControlServer::start(socket_, std::move(handler), limits);
    EXPECT_TRUE(server) << server.error().what();
    return std::move(*server);
  }
  static void echo(std::string_view request, ControlPeer& peer) { peer.send("heard " + std::string(request)); }

  test::TempDir dir_;
  const std::filesystem::path socket_ = dir_.path() / "a.sock";
};

TEST_F(Control, AnswersALineWithLines) {
  const auto server = start(echo);
  Raw client(socket_);
  ASSERT_TRUE(client.send("hello\n"));
  EXPECT_EQ(client.read_all(), "heard hello\n");
  struct stat info {};
  ASSERT_EQ(stat(socket_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(Control, AClientThatSendsNothingOrTooMuchLosesItsConnection) {
  const auto server = start(echo);
  EXPECT_THAT(Raw(socket_).read_all(), HasSubstr("did not come in time"));
  Raw huge(socket_);
  const std::string piece(65536, 'x');
  for (std::size_t sent = 0; sent <= kControlLine + piece.size() && huge.send(piece);) sent += piece.size();
  EXPECT_THAT(huge.read_all(), HasSubstr("bytes at most"));
  Raw well(socket_);
  ASSERT_TRUE(well.send("hello\n"));
  EXPECT_EQ(well.read_all(), "heard hello\n");
}

TEST_F(Control, AClientThatNeverReadsIsGivenUp) {
  std::atomic<bool> gave_up{false};
  const auto server = start([&](std::string_view, ControlPeer& peer) {
    const std::string line(100'000, 'x');
    while (peer.send(line)) {
    }
    gave_up = peer.gone().stop_requested();
  });
  Raw client(socket_);
  ASSERT_TRUE(client.send("go\n"));
  EXPECT_TRUE(eventually([&] { return gave_up.load(); }));
}

TEST_F(Control, WorkForAClientThatLeavesIsStoppedAtOnce) {
  std::atomic<bool> stopped{false};
  const auto server = start([&](std::string_view, ControlPeer& peer) {
    while (peer.wait(10'000ms)) {
    }
    stopped = true;
  });
  {
    Raw client(socket_);
    ASSERT_TRUE(client.send("go\nand more that nobody asked for"));
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(stopped);
  }
  EXPECT_TRUE(eventually([&] { return stopped.load(); }));
}

TEST_F(Control, MoreClientsThanItTakesAreSentAwayAndTheOthersGoOn) {
  std::atomic<int> inside{0};
  const auto server = start([&](std::string_view, ControlPeer& peer) {
    ++inside;
    while (peer.wait(10'000ms)) {
    }
  });
  std::vector<std::unique_ptr<Raw>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Raw>(socket_));
    ASSERT_TRUE(clients.back()->send("go\n"));
  }
  ASSERT_TRUE(eventually([&] { return inside == 4; }));
  EXPECT_THAT(Raw(socket_).read_all(), HasSubstr("too many"));
  clients.clear();
  ASSERT_TRUE(eventually([&] {
    Raw again(socket_);
    again.send("go\n");
    return inside > 4;
  }));
}

TEST_F(Control, EndingItDoesNotWaitForClientsAndRemovesTheSocket) {
  auto server = start([&](std::string_view, ControlPeer& peer) {
    while (peer.wait(60'000ms)) {
    }
  });
  Raw idle(socket_), busy(socket_);
  ASSERT_TRUE(busy.send("go\n"));
  std::this_thread::sleep_for(50ms);
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(Control, TakesThePlaceOfADeadDaemonsSocketAndLeavesThatOfALaterOne) {
  auto first = start(echo);
  const auto second = start([](std::string_view, ControlPeer& peer) { peer.send("second"); });
  first.reset();  // must not take the second one's socket along
  Raw client(socket_);
  ASSERT_TRUE(client.send("hello\n"));
  EXPECT_EQ(client.read_all(), "second\n");
}

TEST_F(Control, SocketsBehindWhichNobodyListensAreRemovedAndLiveOnesStay) {
  const auto server = start(echo);
  const std::filesystem::path dead = dir_.path() / "dead.sock";
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, dead.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(fd);
  std::ofstream(dir_.path() / "file.sock") << "not a socket";
  std::filesystem::permissions(dir_.path(), std::filesystem::perms::owner_all);
  remove_dead_sockets(dir_.path());
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(dir_.path() / "file.sock"));
  EXPECT_TRUE(connect_control(socket_, 100));
  const Result<int> gone = connect_control(dead, 100);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code(), Code::not_found);
}

TEST_F(Control, AnotherUserIsRefusedByTheKernelsWordNotByPermissionsAlone) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::atomic<int> handled{0};
  const auto server = start([&](std::string_view, ControlPeer&) { ++handled; });
  std::filesystem::permissions(dir_.path(), std::filesystem::perms::all);
  std::filesystem::permissions(socket_, std::filesystem::perms::all);  // as if somebody had opened the doors
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    const Raw client(socket_);
    client.send("hello\n");
    const std::string words = client.connected() ? client.read_all() : "not connected";
    _exit(write(answer[1], words.data(), words.size()) < 0 ? 3 : 0);
  }
  close(answer[1]);
  char buffer[512] = {};
  const ssize_t n = read(answer[0], buffer, sizeof buffer - 1);
  close(answer[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(std::string(buffer, n > 0 ? static_cast<std::size_t>(n) : 0), HasSubstr("only who has mounted it"));
  EXPECT_EQ(handled, 0);
}

TEST_F(Control, AFolderThatOthersCanEnterIsNotUsed) {
  std::filesystem::permissions(dir_.path(), std::filesystem::perms::owner_all);
  EXPECT_TRUE(is_control_folder(dir_.path()));
  std::filesystem::permissions(dir_.path(), std::filesystem::perms::owner_all | std::filesystem::perms::group_read);
  EXPECT_FALSE(is_control_folder(dir_.path()));
  std::filesystem::create_directory_symlink(dir_.path(), dir_.path() / "link");
  EXPECT_FALSE(is_control_folder(dir_.path() / "link"));
}

}  // namespace
}  // namespace skymount::fs
