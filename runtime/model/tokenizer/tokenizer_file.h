// The parts of tokenizer.json, read and checked against each other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/bpe.h"
#include "model/tokenizer/normalizer.h"
#include "model/tokenizer/post_processor.h"
#include "model/tokenizer/pre_tokenizer.h"

namespace unmask::model {

// In the order in which they are applied to a text.
struct TokenizerParts {
  std::map<int32_t, AddedToken> added;                    // by id
  std::map<std::string, int32_t, std::less<>> added_ids;  // by content
  AddedTokenFinder finder;                                // for the text as it comes
  Normalizer normalizer;
  AddedTokenFinder normalized_finder;  // for the normalised text
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  PostProcessor post_processor;
  int32_t size;  // one more than the largest id
};

// Of what tokenizer.json holds, or would hold; `where` names it in sentences.
TokenizerParts parse_tokenizer(const Json& json, const std::string& where);

// See Tokenizer::load.
TokenizerParts read_tokenizer(const std::filesystem::path& folder_or_file);

}  // namespace unmask::model
