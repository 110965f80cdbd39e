#include "base/mapped_file.h"

#include <utility>

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_folder.h"

namespace unmask {
namespace {

using tests::expect_error;
using tests::TemporaryFolder;

TEST(MappedFile, HoldsTheBytesOfTheFile) {
  const TemporaryFolder folder;
  const MappedFile file(folder.write("some", std::string_view("a\0b", 3)));
  EXPECT_EQ(file.text(), std::string_view("a\0b", 3));
  EXPECT_EQ(file.bytes().size(), 3u);
}

TEST(MappedFile, EmptyFileHasNoBytes) {
  const TemporaryFolder folder;
  EXPECT_TRUE(MappedFile(folder.write("empty", "")).bytes().empty());
}

TEST(MappedFile, MovesItsMapping) {
  const TemporaryFolder folder;
  MappedFile first(folder.write("first", "one"));
  MappedFile second(folder.write("second", "another"));
  second = std::move(first);
  const MappedFile third(std::move(second));
  EXPECT_EQ(third.text(), "one");
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  expect_error(Status::not_found, "There is no file", [&] { MappedFile(folder.path() / "missing"); });
  expect_error(Status::invalid_argument, "is not a regular file", [&] { MappedFile file(folder.path()); });
  expect_error(Status::invalid_argument, "is not a regular file", [] { MappedFile("/dev/zero"); });
}

}  // namespace
}  // namespace unmask
