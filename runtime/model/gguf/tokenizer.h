// The vocabulary tables of GGUF and tokenizer.json, each from the other.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "model/gguf/writer.h"
#include "model/json.h"

namespace unmask::model::gguf {

// What tokenizer.json would say of the file's vocabulary; nothing where it has none. A whole tokenizer.json
// in the metadata ("tokenizer.huggingface.json") goes before the tables. Throws bad_model, or unsupported for
// tokenizers that are not byte-level BPE and for pre-tokenizers that are not in our table.
std::optional<Json> tokenizer_json(const Json& metadata, const std::string& where);

// Writes the tables of a folder's tokenizer, filled up to `vocabulary` ids, and its tokenizer.json as well
// where the tables cannot say all of it. Does nothing for a folder without one.
void write_tokenizer(const std::filesystem::path& folder, uint32_t vocabulary, Writer& writer);

}  // namespace unmask::model::gguf
