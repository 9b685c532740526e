// A learning step, rounded by noise: floor((product + (noise >> (16 - rate_shift))) / 2^rate_shift). First half of pes.v.
`default_nettype none
module rounded (
    input wire signed [31:0] product,   // error * trace, within +-2^30
    input wire [4:0] rate_shift,        // 1..16
    input wire [15:0] noise,
    output wire signed [31:0] step
);
    wire signed [32:0] exact = {product[31], product} + {17'd0, noise >> (5'd16 - rate_shift)};
    wire signed [32:0] shifted = exact >>> rate_shift;
    assign step = shifted[31:0];
    wire unused = &{1'b0, shifted[32]};
endmodule
`default_nettype wire
