// SPDX-License-Identifier: MIT
#include "vo/table_files.h"

#include "vo/blame.h"
#include "vo/http/file_version.h"
#include "vo/route_listing.h"
#include "vo/shown_table.h"
#include "vo/votable/table_formats.h"

namespace skymount::vo {
namespace {

constexpr std::string_view kRows = "rows";

/// Not a file of the tree: the rows, from which the others are written.
Entry rows_entry(const Entry& file, const Route& route) {
  return table_entry(route, file.table->call, kRows);
}

/// Hands pieces on under their offsets.
class Pieces {
 public:
  explicit Pieces(const cache::ByteSource::Sink& sink) : sink_(sink) {}
  Result<void> operator()(ByteView bytes) {
    if (bytes.empty()) return {};
    if (Result<void> taken = sink_(at_, bytes); !taken) return taken;
    at_ += bytes.size();
    return {};
  }

 private:
  const cache::ByteSource::Sink& sink_;
  std::uint64_t at_ = 0;
};

/// The answer of one query, in our own layout (vo/votable/table_stream). Comes as a whole or not at all.
class AnswerRows final : public cache::ByteSource {
 public:
  AnswerRows(std::shared_ptr<Archive> archive, RouteCall call, cache::ContentId id)
      : archive_(std::move(archive)), call_(std::move(call)), id_(std::move(id)) {}
  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  bool whole_only() const override { return true; }

  Result<void> fetch(ByteRange, const Sink& sink, const FetchContext& ctx) override {
    Pieces out(sink);
    TableStreamWriter rows([&](ByteView bytes) { return out(bytes); });
    const auto begin = [&](const TableMeta& meta) -> Result<void> {
      rows.begin(meta);
      return {};
    };
    const auto add = [&](const Row& row) -> Result<TapService::Next> {
      if (Result<void> added = rows.add(row); !added) return fail(added.error());
      return TapService::Next::more;
    };
    const Result<TapService::Answer> answer = archive_->table(call_, begin, add, ctx);
    if (!answer) return fail(blamed(answer.error()));
    if (archive_->http()->identity(AskedFor::tap) != id_.auth)
      return fail(Code::stale, "the login changed while the archive answered; open it again");
    return rows.finish(why_truncated(*answer));
  }

 private:
  static std::string why_truncated(const TapService::Answer& answer) {
    if (answer.fault) return "the archive broke off: " + answer.fault->what();
    if (answer.meta.status.kind == QueryStatus::Kind::overflow)
      return "the archive says that it holds more (its row limit)";
    // As in INCOMPLETE.txt of a folder: what contradicts itself may lack rows.
    if (!answer.meta.oddities.empty()) return "the answer contradicts itself: " + answer.meta.oddities.front();
    if (!answer.meta.misfits.empty()) return answer.meta.misfits;
    if (!answer.asked_without.empty()) return "the archive was asked without your login: " + answer.asked_without;
    return "";
  }

  const std::shared_ptr<Archive> archive_;
  const RouteCall call_;
  const cache::ContentId id_;
};

/// One format, written from the rows.
class TableFile final : public cache::ByteSource {
 public:
  TableFile(TableParts parts, Entry entry, cache::ContentId id)
      : parts_(std::move(parts)), entry_(std::move(entry)), id_(std::move(id)) {}
  const cache::ContentId& id() const override { return id_; }
  std::optional<std::uint64_t> size() const override { return std::nullopt; }
  bool whole_only() const override { return true; }
  bool reads_others() const override { return true; }

  Result<void> fetch(ByteRange, const Sink& sink, const FetchContext& ctx) override {
    const std::shared_ptr<void> alive = parts_.owner.lock();
    if (!alive) return fail(Code::cancelled, "unmounted");
    const RoutePtr route = parts_.archive->route(entry_.table->call.route);
    if (!route)
      return fail(Code::not_found, "no [[route]] \"" + entry_.table->call.route + "\" is configured any more");
    const auto reader = parts_.sources.open(rows_entry(entry_, *route), ctx);
    if (!reader) return fail(reader.error());
    const auto read = [&](std::uint64_t offset, std::uint64_t length) -> Result<Bytes> {
      return read_whole(**reader, offset, length, ctx);
    };
    TableStreamReader rows((*reader)->size(), read);
    const Result<TableFacts> facts = rows.facts();
    if (!facts) return fail(facts.error());
    parts_.truncated.note(entry_, !facts->truncated.empty());
    if (Result<void> fits = matches_promise(*facts); !fits) return fits;
    return write(rows, *facts, sink, ctx);
  }

 private:
  // A read of the cache is bounded; pieces of rows are a few of these.
  static constexpr std::uint64_t kRead = 1024 * 1024;

  static Result<Bytes> read_whole(cache::ContentReader& reader, std::uint64_t offset, std::uint64_t length,
                                  const FetchContext& ctx) {
    Bytes out;
    while (out.size() < length) {
      if (ctx.stopped()) return fail(Code::cancelled, "cancelled");
      const auto part = reader.read({offset + out.size(), std::min<std::uint64_t>(kRead, length - out.size())}, ctx);
      if (!part) return fail(part.error());
      const ByteView bytes = part->view();
      if (bytes.empty()) return fail(Code::corrupt, "what was kept of this table ends early");
      out.insert(out.end(), bytes.begin(), bytes.end());
    }
    return out;
  }

  Result<void> matches_promise(const TableFacts& facts) const {
    const bool whole = facts.truncated.empty();
    if (entry_.table->incomplete == !whole) return {};
    const std::string stem = entry_.name.substr(0, entry_.name.find('.'));
    if (whole)
      return fail(Code::not_found,
                  "the table is whole: " + stem + ".csv has all " + std::to_string(facts.rows) + " rows");
    return fail(Code::corrupt, entry_.name + ": " + std::to_string(facts.rows) + " rows came, " + facts.truncated +
                                   "; " + stem + ".INCOMPLETE.csv holds them");
  }

  Result<void> write(TableStreamReader& rows, const TableFacts& facts, const Sink& sink,
                     const FetchContext& ctx) const {
    Pieces out(sink);
    return write_table(entry_.table->format, rows, facts, showing_of, [&](ByteView bytes) -> Result<void> {
      if (ctx.stopped()) return fail(Code::cancelled, "cancelled");
      return out(bytes);
    });
  }

  const TableParts parts_;
  const Entry entry_;
  const cache::ContentId id_;
};

}  // namespace

TruncatedTables::TruncatedTables(std::shared_ptr<cache::MetaStore> store, const std::string& archive)
    : store_(std::move(store)), archive_(archive) {}

std::string TruncatedTables::key(const Entry& table) const {
  Query query;
  query.route = table.table->call;
  return archive_ + "\ntruncated\n" + query.canonical();
}

void TruncatedTables::note(const Entry& table, bool truncated) {
  const std::string name = key(table);
  const bool news = known_.with([&](auto& known) {
    const auto [place, is_new] = known.try_emplace(name, truncated);
    return std::exchange(place->second, truncated) != truncated || is_new;
  });
  // What cannot be kept is found out again when the table is opened.
  if (news && store_) (void)store_->put(cache::MetaStore::Room::services, name, as_bytes(truncated ? "1" : "0"));
}

bool TruncatedTables::has(const Entry& table) const {
  const std::string name = key(table);
  const auto known = known_.with([&](const auto& all) {
    const auto found = all.find(name);
    return found == all.end() ? std::optional<bool>() : std::optional(found->second);
  });
  if (known || !store_) return known.value_or(false);
  const auto record = store_->get(cache::MetaStore::Room::services, name);
  const bool truncated = record && as_text(record->value) == "1";
  known_.with([&](auto& all) { all.try_emplace(name, truncated); });
  return truncated;
}

Sources::Maker table_maker(TableParts parts) {
  return [parts = std::move(parts)](const Entry& entry, const FetchContext&) -> Result<OpenedRemote> {
    OpenedRemote out;
    out.learned.version = one_time_version();
    out.learned.content_type = entry.content_type;
    out.learned.auth = parts.archive->http()->identity(AskedFor::tap);
    const cache::ContentId id{parts.archive->options().name, out.learned.auth, entry.identity, out.learned.version};
    if (entry.table->format == kRows)
      out.source = std::make_shared<AnswerRows>(parts.archive, entry.table->call, id);
    else
      out.source = std::make_shared<TableFile>(parts, entry, id);
    out.flowing = true;  // wanted whether or not its first caller can wait for it
    return out;
  };
}

}  // namespace skymount::vo
