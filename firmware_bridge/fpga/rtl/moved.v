// A weight moved by a step and kept within +-(2^30 - 1). Second half of pes.v. In range, the top bits of the sum are alike.
`default_nettype none
module moved (
    input wire signed [31:0] weight,
    input wire signed [31:0] step,
    output wire signed [31:0] next_weight
);
    localparam signed [31:0] MOST = (32'sd1 << 30) - 32'sd1;
    wire signed [32:0] sum = {weight[31], weight} + {step[31], step};
    wire fits = sum[32:30] == 3'b000 || sum[32:30] == 3'b111 && sum[29:0] != 30'd0;
    assign next_weight = fits ? sum[31:0] : sum[32] ? -MOST : MOST;
endmodule
`default_nettype wire
