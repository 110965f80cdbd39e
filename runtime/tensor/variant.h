// From the element type of a weight to the kernel variant that reads it.
#pragma once

#include "base/dtype.h"
#include "base/error.h"

namespace unmask::tensor {

template <typename K>
typename K::Variant variant_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return K::Variant::f32;
    case DType::f16:
      return K::Variant::f16;
    case DType::bf16:
      return K::Variant::bf16;
    default:
      fail(Status::unsupported, "A weight of type {} has no matrix product.", info(dtype).name);
  }
}

}  // namespace unmask::tensor
