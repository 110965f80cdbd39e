#include "base/mapped_file.h"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "base/error.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace unmask {
namespace {

std::string reason(int code) { return std::system_category().message(code); }

uint64_t regular_file_size(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  require(status.type() != std::filesystem::file_type::not_found, Status::not_found, "There is no file {}.",
          path.string());
  if (error) fail(Status::io, "Cannot look at {}: {}.", path.string(), error.message());
  require(status.type() == std::filesystem::file_type::regular, Status::invalid_argument,
          "{} is not a regular file.", path.string());
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error) fail(Status::io, "Cannot read the size of {}: {}.", path.string(), error.message());
  require(size <= SIZE_MAX / 2, Status::unsupported,
          "{} ({} bytes) is too large for this computer's addresses.", path.string(), size);
  return size;
}

#ifdef _WIN32

const void* map(const std::filesystem::path& path, size_t) {
  const HANDLE file = CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ, nullptr, OPEN_EXISTING,
                                  FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE)
    fail(Status::io, "Cannot open {}: {}.", path.string(), reason(static_cast<int>(GetLastError())));
  const HANDLE mapping = CreateFileMappingW(file, nullptr, PAGE_READONLY, 0, 0, nullptr);
  const DWORD error = GetLastError();
  CloseHandle(file);
  if (mapping == nullptr)
    fail(Status::io, "Cannot map {}: {}.", path.string(), reason(static_cast<int>(error)));
  const void* data = MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0);
  const DWORD view_error = GetLastError();
  CloseHandle(mapping);
  if (data == nullptr)
    fail(Status::out_of_memory, "Cannot map {}: {}.", path.string(), reason(static_cast<int>(view_error)));
  return data;
}

void unmap(std::span<const std::byte> bytes) { UnmapViewOfFile(bytes.data()); }

#else

const void* map(const std::filesystem::path& path, size_t size) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(Status::io, "Cannot open {}: {}.", path.string(), reason(errno));
  const void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  ::close(file);
  if (data == MAP_FAILED) {
    fail(error == ENOMEM ? Status::out_of_memory : Status::io, "Cannot map {} ({} bytes): {}.", path.string(),
         size, reason(error));
  }
  return data;
}

void unmap(std::span<const std::byte> bytes) { ::munmap(const_cast<std::byte*>(bytes.data()), bytes.size()); }

#endif

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const size_t size = static_cast<size_t>(regular_file_size(path));
  if (size == 0) return;  // mmap refuses empty mappings
  bytes_ = {static_cast<const std::byte*>(map(path, size)), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) unmap(bytes_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace unmask
