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
    case DType::q8_0:
      return K::Variant::q8_0;
    case DType::q4_0:
      return K::Variant::q4_0;
    case DType::q4_k:
      return K::Variant::q4_k;
    case DType::q6_k:
      return K::Variant::q6_k;
    default:
      fail(Status::unsupported, "A weight of type {} has no matrix product.", info(dtype).name);
  }
}

}  // namespace unmask::tensor
