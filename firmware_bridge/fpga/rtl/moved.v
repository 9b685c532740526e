// A weight moved by a step and kept within +-(2^30 - 1). Second half of pes.v. In range, the top bits of the sum are alike.
// A weight that a flipped bit threw out of its range may wrap before it is limited, as in the law.
`default_nettype none
module moved (
    input wire signed [31:0] weight,
    input wire signed [31:0] step,
    output wire signed [31:0] next_weight
);
    localparam signed [31:0] MOST = (32'sd1 << 30) - 32'sd1;
    wire signed [31:0] sum = weight + step;
    wire fits = sum[31:30] == 2'b00 || sum[31:30] == 2'b11 && sum[29:0] != 30'd0;
    assign next_weight = fits ? sum : sum[31] ? -MOST : MOST;
endmodule
`default_nettype wire
