// SPDX-License-Identifier: MIT
#include "fs/filesystem.h"

#include "cache/content_id.h"
#include "fs/asking.h"
#include "fs/making.h"
#include "fs/tree/generated.h"
#include "fs/tree/typing_slips.h"
#include "fs/xattrs.h"
#include "vo/query/grammar.h"

#include <algorithm>
#include <thread>

namespace skymount::fs {
namespace {

// How long rmdir waits for the cache's disk.
constexpr std::chrono::seconds kSaves{60};

// Unmounting waits at most two seconds for the deletion of jobs.
constexpr std::chrono::milliseconds kEndingJobs{1500};

bool is_control(const Place& place) {
  return place.kind == PlaceKind::generated &&
         (place.generated == GeneratedKind::status_json || place.generated == GeneratedKind::errors_log ||
          place.generated == GeneratedKind::config_toml);
}

/// Texts whose making may take a while for large answers: never made on the kernel's threads, nor only to show a size.
bool is_large(const Place& place) {
  return place.generated == GeneratedKind::results_vot || place.generated == GeneratedKind::results_csv ||
         place.generated == GeneratedKind::count_txt || place.generated == GeneratedKind::flat_errors;
}

/// A text that exists only because the question was answered.
bool is_answer(const Place& place) {
  return place.generated == GeneratedKind::results_vot || place.generated == GeneratedKind::results_csv ||
         place.generated == GeneratedKind::query_adql;
}

Bound bound_of(const std::string& text) {
  return {cache::hash_hex(text), text.size()};
}

/// Probes for files that nobody made (".git", "x~") are not worth a line; a mistyped key or archive is.
bool worth_noting(const Error& error, const Place& folder, std::string_view name) {
  if (error.code() != Code::not_found) return error.code() != Code::cancelled;
  if (name.starts_with('.')) return false;
  if (folder.kind == PlaceKind::root || vo::looks_like_term(name)) return true;
  return (folder.kind == PlaceKind::archive || folder.kind == PlaceKind::query) && !typing_slip(name).empty();
}

}  // namespace

Filesystem::Filesystem(std::vector<std::shared_ptr<MountedArchive>> archives, cache::BlockCache& blocks,
                       const Clock& clock, MountFacts facts, std::uint64_t cache_limit)
    : blocks_(blocks),
      clock_(clock),
      facts_(std::move(facts)),
      cache_limit_(cache_limit),
      journal_(clock),
      crawlers_(facts_.crawlers),
      tree_(std::move(archives), journal_),
      inodes_(tree_.root()),
      deadlines_(std::make_unique<Deadlines>()) {
  blocks_.on_trouble([this](const Error& trouble) { journal_.record("cache", facts_.cache_dir, trouble); });
}

Filesystem::~Filesystem() {
  shutdown();
}

void Filesystem::shutdown() {
  // All archives at once: one that does not answer must not keep the others' jobs running.
  std::vector<std::jthread> endings;
  for (const auto& archive : tree_.archives()) {
    endings.emplace_back([archive] { archive->archive->end_jobs(kEndingJobs); });
  }
  for (const auto& archive : tree_.archives()) {
    archive->lanes.disk.shutdown();
    archive->lanes.listings.shutdown();
    archive->lanes.data.shutdown();
  }
  saving_.shutdown();
  pending_->close();
  blocks_.on_trouble({});
}

Result<NodePtr> Filesystem::node_of(NodeId id) const {
  NodePtr node = inodes_.find(id);
  if (!node) return fail(Code::stale, "the kernel asked for a node that was forgotten");
  return node;
}

Error Filesystem::note(std::string_view operation, const Place& place, Error error) {
  if (error.code() == Code::cancelled) return error;
  journal_.record(operation, place.path, error);
  journal_.remember_for(place.ino(), error);
  return error;
}

std::optional<Error> Filesystem::refusal(pid_t caller, std::string_view operation, const Place& place) {
  const std::optional<std::string> program = crawlers_.refused(caller);
  if (!program) return std::nullopt;
  Error error(Code::denied, "'" + *program + "' walks through everything and would download it, so it is shown names " +
                                "and dates only; if it shall read, take it out of [crawlers] deny in skymount.toml " +
                                "(said once for each program)");
  if (crawlers_.first_time(*program)) journal_.record(operation, place.path, error);
  return error;
}

Attributes Filesystem::show(const Node& node) const {
  Attributes out = attributes_of(node, blocks_, facts_.configured_at);
  if (is_control(node.place)) {
    out.size = std::max<std::uint64_t>(1, control_text(node.place.generated).size());
    out.exact = false;
  }
  if (!out.exact && !node.shown_as_estimate.exchange(true)) {
    // Said first, looked again after: an open that learns the size in between sees that a guess is on its way.
    return show(node);
  }
  return out;
}

Attributes Filesystem::intern(Place place) {
  std::optional<Bound> version;
  if (place.kind == PlaceKind::data) {
    KnownSize known = known_size(place);
    if (known.exact && !known.version.empty()) version = Bound{std::move(known.version), known.size};
  } else if (place.kind == PlaceKind::generated && !is_control(place) && !is_large(place)) {
    if (Result<std::string> text = tree_.text(place, nullptr)) version = bound_of(*text);
  }
  return show(*inodes_.intern(std::move(place), version));
}

void Filesystem::lookup(NodeId parent, const std::string& name, std::stop_token stop, Done<Attributes> done,
                        pid_t caller) {
  Result<NodePtr> folder = node_of(parent);
  if (!folder) return done(fail(std::move(folder).error()));
  const auto answer = [this, node = *folder, name, caller](Result<Place> place) -> Result<Attributes> {
    if (place && tree_.is_unsaved_query(*place) && is_making_folder(caller, name)) {
      return fail(Code::not_found, "not made yet");  // else the kernel itself says that it exists
    }
    if (place) return intern(std::move(*place));
    if (worth_noting(place.error(), node->place, name) && !crawlers_.refused(caller)) {
      journal_.record("lookup", node->place.path + (node->place.path == "/" ? "" : "/") + name, place.error());
    }
    return fail(std::move(place).error());
  };
  Result<Place> now = tree_.child((*folder)->place, name, nullptr);
  if (now || now.error().code() != Code::would_wait) return done(answer(std::move(now)));
  if (auto refused = refusal(caller, "lookup", (*folder)->place)) return done(fail(std::move(*refused)));

  MountedArchive& archive = *(*folder)->place.archive;
  const FetchContext ctx = FetchContext::within(archive.options().limits.listing,
                                                "lookup " + (*folder)->place.path + "/" + name, std::move(stop));
  auto waiting = Waiting<Attributes>::start(std::move(done), ctx, *deadlines_);
  ask_for((*folder)->place, std::move(waiting), ctx,
          [this, node = *folder, name](const FetchContext& within) { return tree_.child(node->place, name, &within); },
          [this, answer](Waiting<Attributes>& waits, Result<Place> place) {
            Result<Attributes> found = answer(std::move(place));
            const NodeId id = found ? found->node : 0;
            if (!waits.finish(std::move(found)) && id != 0) inodes_.forget(id, 1);
          });
}

Result<std::string> Filesystem::link_target(NodeId id) const {
  Result<NodePtr> node = node_of(id);
  if (!node) return fail(std::move(node).error());
  if (!(*node)->place.is_symlink()) return fail(Code::invalid, (*node)->place.path + " is no symlink");
  return (*node)->place.target;
}

void Filesystem::make_folder(NodeId parent, const std::string& name, std::stop_token stop, Done<Attributes> done) {
  Result<NodePtr> folder = node_of(parent);
  if (!folder) return done(fail(std::move(folder).error()));
  const auto make = [this, node = *folder, name](Patience patience) -> Result<Attributes> {
    Result<Place> place = tree_.make_folder(node->place, name, patience);
    if (place) return intern(std::move(*place));
    if (place.error().code() != Code::would_wait)
      journal_.record("mkdir", node->place.path + "/" + name, place.error());
    return fail(std::move(place).error());
  };
  Result<Attributes> now = make(nullptr);
  if (now || now.error().code() != Code::would_wait) return done(std::move(now));
  MountedArchive& archive = *(*folder)->place.archive;
  const FetchContext ctx = FetchContext::within(archive.options().limits.listing,
                                                "mkdir " + (*folder)->place.path + "/" + name, std::move(stop));
  auto waiting = Waiting<Attributes>::start(std::move(done), ctx, *deadlines_);
  // Only what has to be asked first waits behind other questions to the archive.
  Executor& lane = tree_.child((*folder)->place, name, nullptr) ? saving_ : archive.lanes.listings;
  park(lane, std::move(waiting), [this, make, ctx](Waiting<Attributes>& waits) {
    Result<Attributes> made = make(&ctx);
    const NodeId id = made ? made->node : 0;
    if (!waits.finish(std::move(made)) && id != 0) inodes_.forget(id, 1);
  });
}

void Filesystem::remove_folder(NodeId parent, const std::string& name, std::stop_token stop, Done<void> done) {
  Result<NodePtr> folder = node_of(parent);
  if (!folder) return done(fail(std::move(folder).error()));
  // What is kept is on disk before its caller is answered, and a disk may take its time.
  const std::string path = (*folder)->place.path + "/" + name;
  const FetchContext ctx = FetchContext::within(kSaves, "rmdir " + path, std::move(stop));
  park(saving_, Waiting<void>::start(std::move(done), ctx, *deadlines_),
       [this, node = *folder, name, path](Waiting<void>& caller) {
         Result<Place> gone = tree_.remove_folder(node->place, name);
         if (!gone) {
           journal_.record("rmdir", path, gone.error());
           caller.finish(fail(std::move(gone).error()));
           return;
         }
         inodes_.retire(*gone);
         caller.finish({});
       });
}

Result<Attributes> Filesystem::attributes(NodeId id) const {
  Result<NodePtr> node = node_of(id);
  if (!node) return fail(std::move(node).error());
  Attributes out = show(**node);
  if (out.undated) (*node)->seen_undated = true;
  return out;
}

void Filesystem::forget(NodeId node, std::uint64_t count) {
  inodes_.forget(node, count);
}

Result<OpenReply> Filesystem::finish_open(const NodePtr& node, Result<std::shared_ptr<cache::ContentReader>> reader) {
  if (!reader) return fail(note("open", node->place, std::move(reader).error()));
  if (!inodes_.bind(node, {(*reader)->id().version, (*reader)->size()})) {
    return fail(Code::stale,
                "the archive holds another version now");  // the kernel looks the name up again and re-opens
  }
  if (node->seen_undated) node->place.archive->sources.keep_date(*node->place.entry, (*reader)->id().version);
  journal_.forget_for(node->ino);
  tree_.remember_cutout(node->place);
  tree_.remember_query(node->place);
  auto eof = std::make_shared<EofOrder>((*reader)->size());
  auto handle = std::make_shared<const FileHandle>(FileHandle{node, std::move(*reader), nullptr, std::move(eof)});
  return handles_.with([&](Handles& handles) {
    handles.files[handles.next] = std::move(handle);
    return OpenReply{handles.next++, true, false, node->shown_as_estimate};
  });
}

Result<OpenReply> Filesystem::finish_open(const NodePtr& node, Result<std::string> text) {
  if (!text) return fail(note("open", node->place, std::move(text).error()));
  const bool control = is_control(node->place);
  if (!control && !inodes_.bind(node, bound_of(*text))) return fail(Code::stale, "the text has changed");
  if (is_answer(node->place)) tree_.remember_query(node->place);
  auto held = std::make_shared<const std::string>(std::move(*text));
  auto handle = std::make_shared<const FileHandle>(FileHandle{node, nullptr, std::move(held), nullptr});
  return handles_.with([&](Handles& handles) {
    handles.files[handles.next] = std::move(handle);
    return OpenReply{handles.next++, !control, control, !control && node->shown_as_estimate};
  });
}

std::string Filesystem::control_text(GeneratedKind kind) const {
  switch (kind) {
    case GeneratedKind::status_json: {
      const std::size_t open_files = handles_.with([](const Handles& h) { return h.files.size(); });
      return status_json({facts_, tree_.archives(), blocks_, journal_, deadlines_->callers(), cache_limit_, open_files,
                          clock_.now(), &upcalls_});
    }
    case GeneratedKind::errors_log: return journal_.text();
    default: return facts_.configuration;
  }
}

void Filesystem::open_generated(const NodePtr& node, std::stop_token stop, Done<OpenReply> done, pid_t caller) {
  const Place& place = node->place;
  if (is_control(place)) return done(finish_open(node, Result<std::string>(control_text(place.generated))));
  if (!is_large(place)) {
    Result<std::string> now = tree_.text(place, nullptr);
    if (now || now.error().code() != Code::would_wait) return done(finish_open(node, std::move(now)));
  }
  if (auto refused = refusal(caller, "open", place)) return done(fail(std::move(*refused)));
  MountedArchive& archive = *place.archive;
  const FetchContext ctx =
      FetchContext::within(archive.options().limits.listing, "open " + place.path, std::move(stop));
  auto waiting = Waiting<OpenReply>::start(std::move(done), ctx, *deadlines_);
  ask_for(
      place, std::move(waiting), ctx,
      [this, node](const FetchContext& within) { return tree_.text(node->place, &within); },
      [this, node](Waiting<OpenReply>& waits, Result<std::string> text) {
        Result<OpenReply> reply = finish_open(node, std::move(text));
        const HandleId handle = reply ? reply->handle : 0;
        if (!waits.finish(std::move(reply)) && handle != 0) release(handle);
      });
}

void Filesystem::open(NodeId id, bool for_writing, std::stop_token stop, Done<OpenReply> done, pid_t caller) {
  Result<NodePtr> node = node_of(id);
  if (!node) return done(fail(std::move(node).error()));
  const Place& place = (*node)->place;
  if (place.is_folder()) return done(fail(Code::is_directory, place.path + " is a folder"));
  if (place.is_symlink()) return done(fail(Code::invalid, place.path + " is a symlink"));
  if (for_writing) return done(fail(Code::read_only, "archives cannot be written"));
  if (place.kind == PlaceKind::generated) return open_generated(*node, std::move(stop), std::move(done), caller);
  if (auto refused = refusal(caller, "open", place)) return done(fail(std::move(*refused)));

  MountedArchive& archive = *place.archive;
  const vo::Renew renewal = Namespace::renewal_of(place);
  if (auto reader = archive.sources.open_in_memory(*place.entry, renewal))
    return done(finish_open(*node, std::move(reader)));
  const FetchContext ctx = FetchContext::within(archive.options().limits.open, "open " + place.path, std::move(stop));
  auto waiting = Waiting<OpenReply>::start(
      [this, node = *node, done = std::move(done)](Result<OpenReply> reply) {
        if (!reply && reply.error().code() == Code::timed_out) note("open", node->place, reply.error());
        done(std::move(reply));
      },
      ctx, *deadlines_);
  park(archive.lanes.data, std::move(waiting), [this, node = *node, ctx, renewal](Waiting<OpenReply>& waits) {
    MountedArchive& from = *node->place.archive;
    Result<OpenReply> reply = finish_open(node, from.sources.open(*node->place.entry, ctx, renewal));
    const HandleId handle = reply ? reply->handle : 0;
    if (!waits.finish(std::move(reply)) && handle != 0) release(handle);
  });
}

OpenFolderReply Filesystem::finish_open_folder(const NodePtr& node, FolderContents contents) {
  // The kernel may keep the names it has while they are those of the same version.
  if (node->place.kind == PlaceKind::query) tree_.remember_query(node->place);
  const std::uint64_t version = contents.version;
  const bool same = version != 0 && node->sent_listing_version.exchange(version) == version;
  auto handle = std::make_shared<const FolderHandle>(FolderHandle{node, std::move(contents)});
  return handles_.with([&](Handles& handles) {
    handles.folders[handles.next] = std::move(handle);
    return OpenFolderReply{handles.next++, same};
  });
}

void Filesystem::open_folder(NodeId id, std::stop_token stop, Done<OpenFolderReply> done, pid_t caller) {
  Result<NodePtr> node = node_of(id);
  if (!node) return done(fail(std::move(node).error()));
  const Place& place = (*node)->place;
  Result<FolderContents> now = tree_.contents(place, nullptr);
  if (now) return done(finish_open_folder(*node, std::move(*now)));
  if (now.error().code() != Code::would_wait) return done(fail(note("ls", place, std::move(now).error())));
  if (auto refused = refusal(caller, "ls", place)) return done(fail(std::move(*refused)));

  MountedArchive& archive = *place.archive;
  const FetchContext ctx = FetchContext::within(archive.options().limits.listing, "ls " + place.path, std::move(stop));
  auto waiting = Waiting<OpenFolderReply>::start(
      [this, node = *node, done = std::move(done)](Result<OpenFolderReply> reply) {
        if (!reply) return done(fail(note("ls", node->place, std::move(reply).error())));
        done(std::move(reply));
      },
      ctx, *deadlines_);
  ask_for(
      place, std::move(waiting), ctx,
      [this, node = *node](const FetchContext& within) { return tree_.contents(node->place, &within); },
      [this, node = *node](Waiting<OpenFolderReply>& waits, Result<FolderContents> contents) {
        if (!contents) {
          waits.finish(fail(std::move(contents).error()));
          return;
        }
        const OpenFolderReply reply = finish_open_folder(node, std::move(*contents));
        if (!waits.finish(reply)) release_folder(reply.handle);
      });
}

std::shared_ptr<const FolderHandle> Filesystem::folder(HandleId id) const {
  return handles_.with([&](const Handles& handles) -> std::shared_ptr<const FolderHandle> {
    const auto it = handles.folders.find(id);
    return it == handles.folders.end() ? nullptr : it->second;
  });
}

std::optional<Attributes> Filesystem::enter(const FolderHandle& folder, std::size_t index) {
  const FolderContents& contents = folder.contents;
  if (index >= contents.size()) return std::nullopt;
  const ShownItem item = contents.item(index);
  if (!item.folder) return std::nullopt;
  if (const std::optional<std::uint32_t> dataset = contents.dataset(index)) {
    const NodeId node = inodes_.enter_dataset(folder.node->place, contents.listing, *dataset);
    return attributes_of(*contents.listing, contents.listing->datasets[*dataset], node, item.ino);
  }
  Result<Place> place = tree_.item(folder.node->place, folder.contents, index);
  if (!place || !place->is_folder()) return std::nullopt;
  return intern(std::move(*place));
}

void Filesystem::release_folder(HandleId id) {
  handles_.with([&](Handles& handles) { handles.folders.erase(id); });
}

Result<std::vector<std::pair<std::string, std::string>>> Filesystem::xattrs(NodeId id) const {
  Result<NodePtr> node = node_of(id);
  if (!node) return fail(std::move(node).error());
  return xattrs_of(**node, blocks_, journal_);
}

Space Filesystem::space() const {
  const std::uint64_t used = std::min(blocks_.stat().bytes, cache_limit_);
  return {cache_limit_, cache_limit_ - used};
}

}  // namespace skymount::fs
