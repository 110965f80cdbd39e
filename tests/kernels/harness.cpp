#include "kernels/harness.h"

#include <algorithm>
#include <map>

#include "tensor/weight_layout.h"
#include "vulkan/devices.h"

namespace unmask::kernels {
namespace {

// On the device, a buffer for each host buffer, holding the same bytes.
class Mirror {
 public:
  graph::Slice of(const graph::Slice& host) {
    auto& device = buffers_[host.buffer.get()];
    if (!device) {
      device = device_backend().allocate(host.buffer->size(), graph::Memory::device, "test");
      device_backend().write({device, 0, device->size()}, Inputs::host(host).bytes);
    }
    return {device, host.offset, host.size};
  }

 private:
  std::map<graph::Buffer*, std::shared_ptr<graph::Buffer>> buffers_;
};

std::vector<std::byte> read_all(const graph::Slice& s) {
  std::vector<std::byte> bytes(s.buffer->size());
  device_backend().read({s.buffer, 0, bytes.size()}, bytes);
  return bytes;
}

std::vector<std::vector<std::byte>> run_mirrored(graph::Dispatch d) {
  Mirror mirror;
  for (graph::Slice& s : d.buffers) s = mirror.of(s);
  const std::vector<graph::Slice> slices = d.buffers;
  graph::Recording recording;
  recording.append(std::move(d));
  const auto program = device_backend().prepare(std::move(recording));
  device_backend().run(*program);
  std::vector<std::vector<std::byte>> contents;
  for (const graph::Slice& s : slices) contents.push_back(read_all(s));
  return contents;
}

}  // namespace

graph::Backend& device_backend() {
  static const std::unique_ptr<graph::Backend> backend = vulkan::make_backend(vulkan::open_device());
  return *backend;
}

std::vector<std::byte> file_weights(const std::vector<float>& values, DType dtype) {
  std::vector<std::byte> bytes(bytes_of(dtype, values.size()));
  info(dtype).quantise(values, bytes.data());
  return bytes;
}

std::vector<float> rounded_weights(const std::vector<float>& values, DType dtype) {
  std::vector<float> rounded(values.size());
  info(dtype).dequantise(file_weights(values, dtype).data(), rounded);
  return rounded;
}

std::vector<std::byte> weights(const std::vector<float>& values, DType dtype, uint32_t inputs) {
  const std::vector<std::byte> rows = file_weights(values, dtype);
  const uint64_t file_row = bytes_of(dtype, inputs), device_row = tensor::device_row_bytes(dtype, inputs);
  std::vector<std::byte> laid_out(values.size() / inputs * device_row, std::byte{0xFF});
  for (size_t r = 0; r < values.size() / inputs; ++r)
    tensor::lay_out_row(dtype, inputs, &rows[r * file_row], &laid_out[r * device_row]);
  return laid_out;
}

Outcome run_both(const graph::Dispatch& dispatch) {
  Outcome outcome(dispatch, run_mirrored(dispatch));
  twins::find_twin(dispatch.kernel->name)(dispatch);
  return outcome;
}

std::vector<float> run_on_device(const graph::Dispatch& dispatch, std::string_view buffer) {
  return Outcome(dispatch, run_mirrored(dispatch)).values<float>(buffer);
}

size_t Outcome::find(std::string_view buffer) const {
  for (size_t i = 0; i < device_.size(); ++i)
    if (dispatch_.kernel->buffers[i].name == buffer) return i;
  fail(Status::internal, "Kernel '{}' has no buffer '{}'.", dispatch_.kernel->name, buffer);
}

double Outcome::error(std::string_view buffer) const {
  const std::vector<float> device = values<float>(buffer);
  const std::span<float> twin = twins::view<float>(dispatch_, buffer);
  double worst = 0, largest = 1e-30;
  for (size_t i = 0; i < device.size(); ++i) {
    if (std::bit_cast<uint32_t>(device[i]) == std::bit_cast<uint32_t>(twin[i])) {
      if (std::isfinite(twin[i])) largest = std::max<double>(largest, std::abs(twin[i]));
      continue;
    }
    if (!std::isfinite(device[i]) || !std::isfinite(twin[i])) return INFINITY;
    worst = std::max(worst, std::abs(double{device[i]} - twin[i]));
    largest = std::max<double>(largest, std::abs(twin[i]));
  }
  return worst / largest;
}

testing::AssertionResult Outcome::same(std::string_view buffer) const {
  const std::vector<uint32_t> device = values<uint32_t>(buffer);
  const std::span<uint32_t> twin = twins::view<uint32_t>(dispatch_, buffer);
  for (size_t i = 0; i < device.size(); ++i)
    if (device[i] != twin[i])
      return testing::AssertionFailure()
             << buffer << "[" << i << "]: device " << device[i] << ", twin " << twin[i];
  return testing::AssertionSuccess();
}

testing::AssertionResult Outcome::same_elsewhere(std::vector<std::string_view> except) const {
  for (size_t b = 0; b < device_.size(); ++b) {
    const graph::Slice& s = dispatch_.buffers[b];
    const std::vector<std::byte>& twin = Inputs::host(s).bytes;
    const bool excepted = std::ranges::count(except, dispatch_.kernel->buffers[b].name) > 0;
    for (size_t i = 0; i < twin.size(); ++i) {
      const bool inside = i >= s.offset && i < s.offset + s.size;
      if (device_[b][i] != twin[i] && !(excepted && inside))
        return testing::AssertionFailure()
               << dispatch_.kernel->name << " changed byte " << i << " of buffer "
               << dispatch_.kernel->buffers[b].name << ", at " << s.offset << " + " << s.size;
    }
  }
  return testing::AssertionSuccess();
}

void expect_close(const graph::Dispatch& dispatch, std::string_view buffer, double tolerance) {
  const Outcome outcome = run_both(dispatch);
  const double error = outcome.error(buffer);
  EXPECT_LE(error, tolerance) << dispatch.kernel->name;
  EXPECT_TRUE(outcome.same_elsewhere({buffer}));
  testing::Test::RecordProperty(std::string(dispatch.kernel->name) + " error",
                                std::to_string(error * 1e6) + "e-6");
}

}  // namespace unmask::kernels
