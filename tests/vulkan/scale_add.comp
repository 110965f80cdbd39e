// y[i] = y[i] * scale + x[i] + bias
#version 450
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint bias = 0;
layout(set = 0, binding = 0) readonly buffer X { uint x[]; };
layout(set = 0, binding = 1) buffer Y { uint y[]; };
layout(push_constant) uniform Push { uint count, scale; };

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i < count) y[i] = y[i] * scale + x[i] + bias;
}
