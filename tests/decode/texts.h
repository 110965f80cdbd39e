// Texts for tests of strategies: a session with its prompt, and a decode to its end.
#pragma once

#include "decode/decoder.h"
#include "support/engine.h"

namespace unmask::decode {

inline std::shared_ptr<Session> session(const std::shared_ptr<const model::Model>& model, const Options& o,
                                        const std::vector<int32_t>& prompt) {
  auto s = std::make_shared<Session>(model, SessionOptions(o));
  s->set_prompt(prompt);
  return s;
}

inline std::shared_ptr<const model::Model> golden(const char* name) {
  return tests::load(tests::golden_folder(name));
}

// The rounds it took.
inline uint32_t run(Decoder&& decoder) {
  while (!decoder.step().finished) {
  }
  return decoder.progress().rounds;
}

}  // namespace unmask::decode
