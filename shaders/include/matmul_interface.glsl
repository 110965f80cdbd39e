// The interface of matmul.comp and matmul_broadcast.comp.
layout(set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(set = 0, binding = 1) readonly buffer W { uvec4 w[]; };
layout(set = 0, binding = 2) buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint outputs;
  uint inputs;
  uint x_stride;
  uint y_stride;
  uint y_offset;
} push;
