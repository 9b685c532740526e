// A read-out weight, one learning step: w' = sat(w + floor((error * trace + (noise >> (16 - rate_shift))) / 2^rate_shift)).
// The law is controller/plasticity.py: pes_step; tests/golden/pes.hex judges it. The product comes from outside, where
// a multiplier is shared; rtl/engine.v has a register between the two halves.
`default_nettype none
module pes (
    input wire signed [31:0] weight,
    input wire signed [31:0] product,
    input wire [4:0] rate_shift,
    input wire [15:0] noise,
    output wire signed [31:0] next_weight
);
    wire signed [31:0] step;
    rounded first_half (product, rate_shift, noise, step);
    moved second_half (weight, step, next_weight);
endmodule
`default_nettype wire
