// SPDX-License-Identifier: MIT
//
// Where a caller of the kernel waits: on its archive's threads, each for what it may hold up. What lies on disk is
// looked for first and apart, so that an answer that is here never queues behind questions to an archive that hangs.
#pragma once

#include "fs/tree/node.h"
#include "fs/waiting.h"
#include "vo/shelf.h"

#include <memory>
#include <utility>

namespace skymount::fs {

/// Folders that gather what many datasets have: what is not here is told in their texts, so nothing is asked in parts.
inline bool gathers(const Place& place) {
  return place.kind == PlaceKind::flat_folder || place.generated == GeneratedKind::flat_errors;
}

/// Asks for a caller that waits: first for what lies on disk, then where the archive may be waited for. `ask` takes a
/// FetchContext, `answer` the caller and what `ask` gave.
template <class T, class Ask, class Answer>
void ask_for(const Place& place, std::shared_ptr<Waiting<T>> waiting, const FetchContext& ctx, Ask ask, Answer answer) {
  Lanes& lanes = place.archive->lanes;
  const auto patiently = [ctx, ask, answer](Waiting<T>& caller) { answer(caller, ask(ctx)); };
  if (gathers(place)) return park(lanes.listings, std::move(waiting), patiently);
  park(lanes.disk, std::move(waiting), [&lanes, ctx, ask, answer, patiently](Waiting<T>& caller) {
    FetchContext at_hand = ctx;
    at_hand.deadline = vo::kAtHandOnly;
    auto now = ask(at_hand);
    if (now || now.error().code() != Code::would_wait) return answer(caller, std::move(now));
    park(lanes.listings, caller.shared_from_this(), patiently);
  });
}

}  // namespace skymount::fs
