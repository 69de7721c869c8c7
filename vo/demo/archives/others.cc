// SPDX-License-Identifier: MIT
#include "vo/demo/archives/site.h"
namespace skymount::demo {
void make_alma(Site&) {}
void make_cadc(Site&) {}
void make_casda(Site&) {}
void make_gaia(Site&) {}
void make_heasarc(Site&) {}
void make_irsa(Site&) {}
void make_mast(Site&) {}
void make_noirlab(Site&) {}
void make_rubin(Site&) {}
void make_vizier(Site&) {}
}  // namespace skymount::demo
