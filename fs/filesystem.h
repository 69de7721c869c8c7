// SPDX-License-Identifier: MIT
//
// The filesystem without FUSE: every call of the kernel as a method that answers through a continuation. What memory
// can answer is answered before the method returns; everything else is parked on the archive's own threads, and its
// caller is released by the answer, its budget's end or its own interrupt, whichever comes first.
#pragma once

#include "cache/base/executor.h"
#include "fs/attributes.h"
#include "fs/control_files.h"
#include "fs/crawlers.h"
#include "fs/deadlines.h"
#include "fs/file_handle.h"
#include "fs/inode_table.h"
#include "fs/pending_reads.h"
#include "fs/waiting.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace skymount::fs {

using HandleId = std::uint64_t;

struct OpenReply {
  HandleId handle = 0;
  bool keep_cache = false;  ///< the kernel may keep the pages it has of this inode
  bool direct_io = false;   ///< never cached by the kernel: control files
  /// A guess of the size was told before. An answer with it may still be on its way into the kernel, where it would
  /// undo the exact size that reads rely on from now on: the kernel must be told to drop it before it learns of this
  /// open.
  bool forget_estimates = false;
};

struct OpenFolderReply {
  HandleId handle = 0;
  bool keep_cache = false;  ///< the names the kernel holds are still right
};

struct Space {
  std::uint64_t total_bytes = 0, free_bytes = 0;
};

/// Thread-safe. Lock order: InodeTable, then a node's bound version; handle tables alone. No lock is held across a
/// fetch or a continuation. Continuations run on any thread and must not throw.
class Filesystem {
 public:
  Filesystem(std::vector<std::shared_ptr<MountedArchive>> archives, cache::BlockCache& blocks, const Clock& clock,
             MountFacts facts, std::uint64_t cache_limit);
  ~Filesystem();

  // `caller` is the thread that asks, 0 when nobody can be named. A crawler (fs/crawlers) is denied what would ask the
  // network or make a large text; of what memory holds it sees names and attributes like everybody.

  /// Raises the lookup count of the node it names. A question that is not kept does not exist for a caller that is just
  /// in mkdir() for it.
  void lookup(NodeId parent, const std::string& name, std::stop_token stop, Done<Attributes> done, pid_t caller = 0);
  Result<Attributes> attributes(NodeId node) const;
  Result<std::string> link_target(NodeId node) const;
  void forget(NodeId node, std::uint64_t count);

  /// mkdir: keeps a question. Raises the lookup count of the node it names.
  void make_folder(NodeId parent, const std::string& name, std::stop_token stop, Done<Attributes> done);
  /// rmdir: keeps it no more. Its node is dead for the kernel, which gets another one at the next lookup.
  void remove_folder(NodeId parent, const std::string& name, std::stop_token stop, Done<void> done);

  void open(NodeId node, bool for_writing, std::stop_token stop, Done<OpenReply> done, pid_t caller = 0);
  /// Exactly `range`, clipped at end of file.
  void read(HandleId handle, ByteRange range, std::stop_token stop, Done<SharedBytes> done);
  void release(HandleId handle);

  void open_folder(NodeId node, std::stop_token stop, Done<OpenFolderReply> done, pid_t caller = 0);
  /// The names as they were at opendir; null for an unknown handle.
  std::shared_ptr<const FolderHandle> folder(HandleId handle) const;
  /// Looks up item `index` of an open folder as lookup() would, when it is a folder that memory knows. Nothing for a
  /// file, ever: together with a name the kernel must not be told a size that may be a guess, because it would replace
  /// the exact one it has, and readers of a map would die.
  std::optional<Attributes> enter(const FolderHandle& folder, std::size_t index);
  void release_folder(HandleId handle);
  /// What the kernel should be asked to forget: answers it knows names of may weigh an eighth of [cache] memory, beside
  /// the last one (InodeTable::crowd).
  std::vector<InodeTable::Crowd> crowd() {
    return tree_.archives().empty() ? std::vector<InodeTable::Crowd>()
                                    : inodes_.crowd(tree_.archives().front()->options().memory_bytes / 8);
  }

  /// All user.skymount.* of a node.
  Result<std::vector<std::pair<std::string, std::string>>> xattrs(NodeId node) const;
  Space space() const;
  /// Counted by whoever speaks with the kernel.
  Upcalls& upcalls() { return upcalls_; }
  /// What goes on just now: the text of .skymount/status.json.
  std::string status() const { return control_text(GeneratedKind::status_json); }
  /// The limit of the cache, in bytes.
  std::uint64_t cache_limit() const { return cache_limit_; }

  /// Ends all waiting; nothing begins after it. Returns within two seconds or so.
  void shutdown();

  const ErrorJournal& journal() const { return journal_; }
  const Namespace& tree() const { return tree_; }

 private:
  Result<NodePtr> node_of(NodeId id) const;
  Attributes intern(Place place);
  Result<OpenReply> finish_open(const NodePtr& node, Result<std::shared_ptr<cache::ContentReader>> reader);
  Result<OpenReply> finish_open(const NodePtr& node, Result<std::string> text);
  void read_beyond_end(const FileHandle& handle, std::stop_token stop, Done<SharedBytes> done);
  OpenFolderReply finish_open_folder(const NodePtr& node, FolderContents contents);
  void open_generated(const NodePtr& node, std::stop_token stop, Done<OpenReply> done, pid_t caller);
  std::optional<Error> refusal(pid_t caller, std::string_view operation, const Place& place);
  std::string control_text(GeneratedKind kind) const;
  Attributes show(const Node& node) const;
  Error note(std::string_view operation, const Place& place, Error error);

  cache::BlockCache& blocks_;
  const Clock& clock_;
  const MountFacts facts_;
  const std::uint64_t cache_limit_;
  ErrorJournal journal_;
  Crawlers crawlers_;
  Upcalls upcalls_;
  Namespace tree_;
  InodeTable inodes_;
  struct Handles {
    HandleId next = 1;
    std::unordered_map<HandleId, std::shared_ptr<const FileHandle>> files;
    std::unordered_map<HandleId, std::shared_ptr<const FolderHandle>> folders;
  };
  Synchronized<Handles> handles_;
  std::unique_ptr<Deadlines> deadlines_;
  const std::shared_ptr<PendingReads> pending_ = std::make_shared<PendingReads>();
  Executor saving_{"saving", 1};  // what has to be on disk before its caller is answered
};

}  // namespace skymount::fs
