// A schedule of two models for a share of work to be saved.
#pragma once

#include <span>
#include <string>

namespace cli {

// Gives the light model the cheapest of the bins, as many as `share` of all and no fewer:
// "L0.125,H0.75,L0.125". `costs`: of each bin, from all masked to nothing masked, what it costs to have the
// light model there; in every bin equally many tokens are expected.
std::string propose_schedule(std::span<const double> costs, double share);

// The share of steps that a light model must take for `saved` of the work to be saved. Throws Failure where
// not even all steps save that much.
double share_of_steps(double saved, double heavy_flops, double light_flops);

}  // namespace cli
