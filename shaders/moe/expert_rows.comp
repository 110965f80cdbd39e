// Sorts the choices of a router by expert, so that each expert finds its rows one after the other, and cuts each
// expert's rows into tiles of a matrix product. Choice c = r * chosen + j is row r's j-th expert.
//   places[c] = the number of choices of a lower expert, or of the same expert by an earlier row; `none` for none
//   sources[places[c]] = r; `none` past the last
//   tiles: for each expert in order its range of places in steps of tile_rows; past the last, of expert `none`
//   experts and places [choices], sources [choices], tiles [tile_count]
// At most 1024 experts.
// grid: (1, 1, 1)
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 128;
layout(local_size_x = 128) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Experts { uint experts[]; };
layout(set = 0, binding = 1) writeonly buffer Places { uint places[]; };
layout(set = 0, binding = 2) writeonly buffer Sources { uint sources[]; };
layout(set = 0, binding = 3) writeonly buffer Tiles { ExpertTile tiles[]; };

layout(push_constant) uniform Push {
  uint choices;
  uint chosen;
  uint expert_count;
  uint tile_rows;
  uint tile_count;
} push;

const uint max_experts = 1024;
shared uint first_place[max_experts + 1];  // of each expert; the last: all of them
shared uint first_tile[max_experts + 1];

void count(uint expert) {
  uint rows = 0;
  for (uint c = 0; c < push.choices; ++c)
    if (experts[c] == expert) ++rows;
  first_place[expert + 1] = rows;
  first_tile[expert + 1] = (rows + push.tile_rows - 1) / push.tile_rows;
}

void sum_up() {
  first_place[0] = 0;
  first_tile[0] = 0;
  for (uint e = 0; e < push.expert_count; ++e) {
    first_place[e + 1] += first_place[e];
    first_tile[e + 1] += first_tile[e];
  }
}

void write_expert(uint expert) {
  uint place = first_place[expert];
  for (uint c = 0; c < push.choices; ++c) {
    if (experts[c] != expert) continue;
    places[c] = place;
    sources[place++] = c / push.chosen;
  }
  uint begin = first_place[expert];
  for (uint t = first_tile[expert]; t < first_tile[expert + 1]; ++t, begin += push.tile_rows)
    tiles[t] = ExpertTile(expert, begin, min(begin + push.tile_rows, place), 0);
}

void main() {
  const uint lane = gl_LocalInvocationIndex;
  for (uint e = lane; e < push.expert_count; e += workgroup_size) count(e);
  barrier();
  if (lane == 0) sum_up();
  barrier();
  for (uint e = lane; e < push.expert_count; e += workgroup_size) write_expert(e);
  for (uint c = lane; c < push.choices; c += workgroup_size)
    if (experts[c] >= push.expert_count) places[c] = none;
  for (uint p = first_place[push.expert_count] + lane; p < push.choices; p += workgroup_size) sources[p] = none;
  for (uint t = first_tile[push.expert_count] + lane; t < push.tile_count; t += workgroup_size)
    tiles[t] = ExpertTile(none, 0, 0, 0);
}
