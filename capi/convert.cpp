// Conversion of models, of the C ABI.
#include "model/gguf/convert.h"
#include "base/dtype.h"
#include "capi/objects.h"

using namespace unmask;
using namespace unmask::capi;

struct unmask_converter {
  model::gguf::Converter converter;
  std::atomic_flag busy;
};

unmask_converter* unmask_converter_create(const char* source, const char* destination, const char* type) {
  return guard_value<unmask_converter*>(nullptr, [&] {
    const DType dtype = parse_weight_type(text_of(type, "type of the weights"));
    return new unmask_converter{
        {text_of(source, "model's path"), text_of(destination, "destination's path"), dtype}, {}};
  });
}

unmask_status unmask_converter_step(unmask_converter* converter, int32_t* finished) {
  return guard([&] {
    const Exclusive here(deref(converter, "converter").busy);
    deref(finished, "result pointer") = converter->converter.step() ? 0 : 1;
  });
}

int64_t unmask_converter_bytes_done(const unmask_converter* converter) {
  return converter ? static_cast<int64_t>(converter->converter.bytes_done()) : 0;
}
int64_t unmask_converter_bytes_total(const unmask_converter* converter) {
  return converter ? static_cast<int64_t>(converter->converter.bytes_total()) : 0;
}

int32_t unmask_converter_note_count(const unmask_converter* converter) {
  return converter ? static_cast<int32_t>(converter->converter.notes().size()) : 0;
}
const char* unmask_converter_note(const unmask_converter* converter, int32_t index) {
  const bool there = index >= 0 && index < unmask_converter_note_count(converter);
  return there ? converter->converter.notes()[static_cast<size_t>(index)].c_str() : "";
}

void unmask_converter_destroy(unmask_converter* converter) { delete converter; }

int32_t unmask_weight_type_count(void) { return static_cast<int32_t>(weight_types().size()); }

const char* unmask_weight_type_name(int32_t index) {
  const bool there = index >= 0 && index < unmask_weight_type_count();
  return there ? info(weight_types()[static_cast<size_t>(index)]).name : nullptr;
}
