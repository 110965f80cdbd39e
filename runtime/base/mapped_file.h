// A whole file, read-only, in the address space: pages are read when touched and never copied.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace unmask {

// Owns the mapping; the bytes are valid and immutable for its lifetime and may be read by any thread. A file
// that somebody truncates while it is mapped makes the operating system raise SIGBUS on access: replace model
// files by renaming a new one over them, never by rewriting them in place.
class MappedFile {
 public:
  // An empty file maps to no bytes. Throws not_found when nothing is there, invalid_argument when it is no
  // regular file, io or out_of_memory when the operating system refuses.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  std::span<const std::byte> bytes_;
};

// Without throwing: what cannot even be looked at is reported by whoever opens it.
bool is_there(const std::filesystem::path& path);

}  // namespace unmask
