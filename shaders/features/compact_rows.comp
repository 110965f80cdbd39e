// The rows of a list, one after the other: with r = index[i],
//   listed_rows[i] = rows[r], listed_ranges[i] = ranges[r], place[r] = i
// and where r is `none`, a row without a slot and without keys.
//   rows, ranges, place [any], index, listed_rows, listed_ranges [count]
// grid: (ceil(count / 64), 1, 1)
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Index { uint index[]; };
layout(set = 0, binding = 1) readonly buffer Rows { Row rows[]; };
layout(set = 0, binding = 2) readonly buffer Ranges { KeyRanges ranges[]; };
layout(set = 0, binding = 3) writeonly buffer ListedRows { Row listed_rows[]; };
layout(set = 0, binding = 4) writeonly buffer ListedRanges { KeyRanges listed_ranges[]; };
layout(set = 0, binding = 5) writeonly buffer Place { uint place[]; };

layout(push_constant) uniform Push {
  uint count;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  if (i >= push.count) return;
  const uint row = index[i];
  if (row == none) {
    listed_rows[i] = Row(0, 0, none, 0);
    listed_ranges[i] = KeyRanges(0, 0, 0, 0, 0, 0, 0, 0);
    return;
  }
  listed_rows[i] = rows[row];
  listed_ranges[i] = ranges[row];
  place[row] = i;
}
