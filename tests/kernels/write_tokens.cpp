#include "kernels/write_tokens.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void write_tokens(const graph::Dispatch& d) {
  const auto writes = view<const tensor::TokenWrite>(d, "writes");
  const auto tokens = view<uint32_t>(d, "tokens");
  for (uint32_t i = 0; i < d.push_as<kernels::write_tokens::Push>().count; ++i)
    if (writes[i].slot != tensor::none) tokens[writes[i].slot] = writes[i].token;
}

}  // namespace unmask::twins
