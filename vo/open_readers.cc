// SPDX-License-Identifier: MIT
#include "vo/open_readers.h"

#include "vo/fits/fits_layout.h"

#include <vector>

namespace skymount::vo {
namespace {

// When the kernel holds an older version of a file, open() answers ESTALE, and the kernel looks the name up and opens
// again. What cannot be had twice must still be here then, and for the user's own second try.
constexpr std::chrono::seconds kKeptFor{10};
// Each may hold as much memory as there is for granules that the disk does not take.
constexpr std::size_t kMostKept = 16;

std::string key_of(const cache::ContentId& id) {
  return id.auth + "\n" + id.identity + "\n" + id.version;
}

}  // namespace

OpenReaders::Reader OpenReaders::find(const cache::ContentId& id) {
  let_go_of_kept();
  std::lock_guard lock(mutex_);
  const auto found = readers_.find(key_of(id));
  return found == readers_.end() ? nullptr : found->second.lock();
}

OpenReaders::Reader OpenReaders::find_or_make(const std::shared_ptr<cache::ByteSource>& source, std::uint64_t size) {
  static const auto layout = std::make_shared<const FitsLayout>();
  if (Reader open = find(source->id())) return open;
  auto own = std::make_unique<cache::ContentReader>(source, size, blocks_, layout);
  Reader made(own.release(), [used = use(source->id())](cache::ContentReader* reader) mutable {
    delete reader;
    used.reset();
  });
  std::lock_guard lock(mutex_);
  // Ends of readers are only noticed here; 1,000 leftovers are cheaper than looking each time.
  if (readers_.size() > 1000) std::erase_if(readers_, [](const auto& item) { return item.second.expired(); });
  std::weak_ptr<cache::ContentReader>& slot = readers_[key_of(source->id())];
  if (Reader other = slot.lock()) return other;
  slot = made;
  return made;
}

void OpenReaders::disown(const cache::ContentId& id) {
  std::lock_guard lock(mutex_);
  readers_.erase(key_of(id));
}

void OpenReaders::keep(Reader reader) {
  Reader oldest;
  {
    std::lock_guard lock(mutex_);
    kept_.push_back({std::chrono::steady_clock::now() + kKeptFor, std::move(reader)});
    if (kept_.size() > kMostKept) {
      oldest = std::move(kept_.front().reader);
      kept_.pop_front();
    }
  }
  let_go_of_kept();
}

void OpenReaders::let_go_of_kept() {
  std::vector<Reader> over;  // ends after the lock
  std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  while (!kept_.empty() && kept_.front().until <= now) {
    over.push_back(std::move(kept_.front().reader));
    kept_.pop_front();
  }
}

std::shared_ptr<void> OpenReaders::use(const cache::ContentId& id) {
  std::lock_guard lock(mutex_);
  ++users_[key_of(id)];
  return {nullptr, [weak = weak_from_this(), id](void*) {
            if (const auto self = weak.lock()) self->left(id);
          }};
}

bool OpenReaders::in_use(const cache::ContentId& id) const {
  std::lock_guard lock(mutex_);
  return users_.contains(key_of(id));
}

void OpenReaders::left(const cache::ContentId& id) {
  {
    std::lock_guard lock(mutex_);
    const auto found = users_.find(key_of(id));
    if (found == users_.end() || --found->second > 0) return;
    users_.erase(found);
    if (superseded_.erase(key_of(id)) == 0) return;
  }
  blocks_.drop(id);
}

void OpenReaders::drop_when_unused(const cache::ContentId& id) {
  {
    std::lock_guard lock(mutex_);
    if (users_.contains(key_of(id))) {
      superseded_.insert(key_of(id));
      return;
    }
  }
  blocks_.drop(id);
}

void OpenReaders::keep_bytes(const cache::ContentId& id) {
  std::lock_guard lock(mutex_);
  superseded_.erase(key_of(id));
}

}  // namespace skymount::vo
