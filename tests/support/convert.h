// Folders as GGUF files.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "model/gguf/convert.h"
#include "support/temporary_folder.h"

namespace unmask::tests {

// The file is named after the type.
inline std::filesystem::path convert_to_gguf(const std::filesystem::path& source,
                                             const TemporaryFolder& folder, DType type) {
  auto destination = folder.path() / (std::string(info(type).name) + ".gguf");
  model::gguf::Converter converter(source, destination, type);
  while (converter.step()) {
  }
  EXPECT_EQ(converter.bytes_done(), converter.bytes_total());
  return destination;
}

}  // namespace unmask::tests
