// A read-out weight, one learning step: w' = sat(w + floor((error * trace + (noise >> (16 - rate_shift))) / 2^rate_shift)).
// The law is controller/plasticity.py: pes_step; tests/golden/pes.hex judges it. The product comes from outside, where
// a multiplier is shared.
`default_nettype none
module pes (
    input wire signed [31:0] weight,
    input wire signed [31:0] product,   // error * trace, within +-2^30
    input wire [4:0] rate_shift,        // 1..16
    input wire [15:0] noise,
    output wire signed [31:0] next_weight
);
    localparam signed [32:0] MOST = (33'sd1 << 30) - 33'sd1;
    wire signed [32:0] exact = {product[31], product} + {17'd0, noise >> (5'd16 - rate_shift)};
    wire signed [32:0] step = exact >>> rate_shift;
    wire signed [32:0] moved = {weight[31], weight} + step;
    wire signed [32:0] limited = moved > MOST ? MOST : moved < -MOST ? -MOST : moved;
    assign next_weight = limited[31:0];
    wire unused = &{1'b0, limited[32]};
endmodule
`default_nettype wire
