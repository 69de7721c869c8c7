// SPDX-License-Identifier: MIT
//
// Runs a fuzz target where libFuzzer is not at hand: mutates the target's own examples, a fixed number of times, with a
// seed that is printed, so that a crash can be had again. Usage: fuzz_NAME [iterations] [seed] With clang the same
// target is built with -fsanitize=fuzzer instead of this file.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace skymount::test {

/// Well-formed inputs to start from. Every fuzz target defines its own.
std::vector<std::string> fuzz_examples();

namespace {

using Random = std::mt19937_64;

std::size_t position(Random& random, const std::string& text) {
  return random() % (text.size() + 1);
}

void mutate(std::string& text, const std::vector<std::string>& examples, Random& random) {
  constexpr std::size_t kMost = 1 << 20;  // inputs that only repeat themselves find nothing new
  const std::size_t at = position(random, text);
  const std::size_t length = random() % (random() % 4 == 0 ? 300 : 8);
  switch (random() % 7) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 1:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 1 << random() % 8);
      break;
    case 2: text.erase(at, length); break;
    case 3: text.insert(at, 1 + length, static_cast<char>(random())); break;
    case 4: text.insert(position(random, text), text.substr(at, length)); break;
    case 5: {
      const std::string& other = examples[random() % examples.size()];
      text.replace(at, length, other.substr(position(random, other), random() % 200));
      break;
    }
    default:
      if (random() % 8 == 0) text.resize(at);
  }
  if (text.size() > kMost) text.resize(kMost);
}

}  // namespace
}  // namespace skymount::test

int main(int argc, char** argv) {
  using namespace skymount::test;
  const long iterations = argc > 1 ? std::atol(argv[1]) : 20'000;
  const unsigned long long seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::printf("%ld iterations, seed %llu\n", iterations, seed);
  std::fflush(stdout);
  const std::vector<std::string> examples = fuzz_examples();
  for (long i = 0; i < iterations; ++i) {
    Random random(seed + static_cast<unsigned long long>(i));  // the same iteration, whatever came before
    std::string text = examples[random() % examples.size()];
    for (std::size_t n = random() % 6; n > 0; --n) mutate(text, examples, random);
    if (std::getenv("SKYMOUNT_FUZZ_VERBOSE")) std::fprintf(stderr, "iteration %ld, %zu bytes\n", i, text.size());
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
  std::printf("done\n");
}
