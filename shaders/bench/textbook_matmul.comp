// The yardstick of the benchmark: the matrix product as textbooks teach it, square tiles in shared memory, one
// output per invocation. y[r, n] = sum_k x[r, k] * w[n, k]
//   x [rows, inputs], w [outputs, inputs], y [rows, outputs], all f32
// grid: (ceil(outputs / tile), ceil(rows / tile), 1)
#version 450

// 16 x 16 is the textbook's size; 8 x 8 is what every device can run.
layout(local_size_x_id = 0, local_size_y_id = 0) in;
layout(constant_id = 0) const uint tile = 8;

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer W { float w[]; };
layout(set = 0, binding = 2) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint outputs;
  uint inputs;
} push;

shared float x_tile[tile][tile];
shared float w_tile[tile][tile];

void main() {
  const uvec2 local = gl_LocalInvocationID.xy;
  const uint n = gl_WorkGroupID.x * tile + local.x;
  const uint r = gl_WorkGroupID.y * tile + local.y;
  const uint w_row = gl_WorkGroupID.x * tile + local.y;
  float sum = 0.0;
  for (uint k = 0; k < push.inputs; k += tile) {
    const bool k_inside = k + local.x < push.inputs;
    x_tile[local.y][local.x] = k_inside && r < push.rows ? x[r * push.inputs + k + local.x] : 0.0;
    w_tile[local.y][local.x] = k_inside && w_row < push.outputs ? w[w_row * push.inputs + k + local.x] : 0.0;
    barrier();
    for (uint i = 0; i < tile; ++i) sum = fma(x_tile[local.y][i], w_tile[local.x][i], sum);
    barrier();
  }
  if (r < push.rows && n < push.outputs) y[r * push.outputs + n] = sum;
}
