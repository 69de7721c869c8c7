// SPDX-License-Identifier: MIT
//
// The tree without a kernel: walks paths through Filesystem's own calls and waits for each continuation.
#include "fs/config/config.h"
#include "fs/daemon/assemble.h"
#include "fs/tree/errno_map.h"
#include "tests/mount/driver.h"

#include <algorithm>
#include <future>
#include <sstream>
#include <stdexcept>

namespace skymount::test {
namespace {

template <class T, class Call>
Result<T> wait_for(Call call) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto answer = promise->get_future();
  call([promise](Result<T> result) { promise->set_value(std::move(result)); });
  return answer.get();
}

class DirectDriver final : public Driver {
 public:
  explicit DirectDriver(MountSetup setup) : setup_(std::move(setup)) { build(); }

  Listed list(const std::string& path) override {
    const Result<fs::Attributes> found = walk(path);
    if (!found) return {fs::to_errno(found.error().code()), {}};
    const Result<fs::OpenFolderReply> opened =
        wait_for<fs::OpenFolderReply>([&](auto done) { filesystem().open_folder(found->node, {}, std::move(done)); });
    if (!opened) return {fs::to_errno(opened.error().code()), {}};
    Listed out;
    const auto handle = filesystem().folder(opened->handle);
    for (std::size_t i = 0; i < handle->contents.size(); ++i) out.names.emplace_back(handle->contents.name(i));
    filesystem().release_folder(opened->handle);
    std::sort(out.names.begin(), out.names.end());
    return out;
  }

  Text read(const std::string& path, std::uint64_t offset, std::uint64_t length) override {
    Result<fs::OpenReply> opened = open(path);
    if (!opened && opened.error().code() == Code::stale) opened = open(path);  // as the kernel does
    if (!opened) return {fs::to_errno(opened.error().code()), ""};
    Text out;
    while (length > 0) {
      const ByteRange range{offset, std::min<std::uint64_t>(length, 128 * 1024)};
      const Result<SharedBytes> bytes =
          wait_for<SharedBytes>([&](auto done) { filesystem().read(opened->handle, range, {}, std::move(done)); });
      if (!bytes) out.error = fs::to_errno(bytes.error().code());
      if (!bytes || bytes->size() == 0) break;
      out.text += as_text(bytes->view());
      offset += bytes->size();
      if (length != UINT64_MAX) length -= bytes->size();
    }
    filesystem().release(opened->handle);
    return out;
  }

  Stat stat(const std::string& path) override {
    const Result<fs::Attributes> found = walk(path);
    if (!found) return {fs::to_errno(found.error().code()), false, 0, 0, 0, 0, false};
    const std::uint64_t blocks = found->folder ? 0 : std::max<std::uint64_t>(1, (found->cached_bytes + 511) / 512);
    return {0, found->folder, found->size, blocks, found->ino, found->mtime_ns / 1'000'000'000, found->symlink};
  }

  Text readlink(const std::string& path) override {
    const Result<fs::Attributes> found = walk(path);
    if (!found) return {fs::to_errno(found.error().code()), ""};
    const Result<std::string> target = filesystem().link_target(found->node);
    if (!target) return {fs::to_errno(target.error().code()), ""};
    return {0, *target};
  }

  int mkdir(const std::string& path) override {
    const std::size_t slash = path.rfind('/');
    const Result<fs::Attributes> parent = walk(path.substr(0, slash));
    if (!parent) return fs::to_errno(parent.error().code());
    const auto made = wait_for<fs::Attributes>(
        [&](auto done) { filesystem().make_folder(parent->node, path.substr(slash + 1), {}, std::move(done)); });
    return made ? 0 : fs::to_errno(made.error().code());
  }

  int rmdir(const std::string& path) override {
    const std::size_t slash = path.rfind('/');
    const Result<fs::Attributes> parent = walk(path.substr(0, slash));
    if (!parent) return fs::to_errno(parent.error().code());
    const Result<void> removed = wait_for<void>(
        [&](auto done) { filesystem().remove_folder(parent->node, path.substr(slash + 1), {}, std::move(done)); });
    return removed ? 0 : fs::to_errno(removed.error().code());
  }

  Text xattr(const std::string& path, const std::string& name) override {
    const Result<fs::Attributes> found = walk(path);
    if (!found) return {fs::to_errno(found.error().code()), ""};
    const auto all = filesystem().xattrs(found->node);
    if (!all) return {fs::to_errno(all.error().code()), ""};
    for (const auto& [key, value] : *all) {
      if (key == name) return {0, value};
    }
    return {ENODATA, ""};
  }

  void remount() override {
    world_.reset();
    build();
  }

 private:
  fs::Filesystem& filesystem() { return world_->filesystem(); }

  void build() {
    fs::ConfigRequest wanted;
    wanted.cache = setup_.folder / "cache";
    wanted.map = setup_.map;
    for (const Archive& archive : setup_.archives) wanted.files.push_back(write_config(setup_, archive));
    Result<fs::Configuration> config = fs::load_configuration(wanted, fs::process_environment());
    if (!config) throw std::runtime_error(config.error().what());
    fs::MountRequest request;
    request.config = std::move(*config);
    request.fits_program = SKYMOUNT_FITS;
    std::filesystem::create_directories(request.config.global.cache_dir);
    Result<std::unique_ptr<fs::World>> world = fs::World::build(request, clock_);
    if (!world) throw std::runtime_error(world.error().what());
    world_ = std::move(*world);
  }

  Result<fs::Attributes> walk(const std::string& path) {
    Result<fs::Attributes> at = filesystem().attributes(1);
    std::istringstream parts(path);
    std::string part;
    while (at && std::getline(parts, part, '/')) {
      if (part.empty()) continue;
      const fs::NodeId parent = at->node;
      at = wait_for<fs::Attributes>([&](auto done) { filesystem().lookup(parent, part, {}, std::move(done)); });
    }
    return at;
  }

  Result<fs::OpenReply> open(const std::string& path) {
    const Result<fs::Attributes> found = walk(path);
    if (!found) return fail(found.error());
    return wait_for<fs::OpenReply>([&](auto done) { filesystem().open(found->node, false, {}, std::move(done)); });
  }

  MountSetup setup_;
  SystemClock clock_;
  std::unique_ptr<fs::World> world_;
};

}  // namespace

std::unique_ptr<Driver> direct_driver(const MountSetup& setup) {
  return std::make_unique<DirectDriver>(setup);
}

}  // namespace skymount::test
