// The one multiplier of the population engine: a * b, two cycles later. b is split in two, so that a product fits one
// DSP of an iCE40 UP5K or, without DSPs, meets 48 MHz in cells.
`default_nettype none
module multiply (
    input wire clk,
    input wire signed [15:0] a,
    input wire signed [16:0] b,
    output reg signed [32:0] product
);
    wire signed [8:0] low_b = {1'b0, b[7:0]};
    wire signed [8:0] high_b = b[16:8];
    reg signed [24:0] low, high;
    always @(posedge clk) begin
        low <= a * low_b;
        high <= a * high_b;
        product <= {{8{low[24]}}, low} + {high, 8'd0};
    end
endmodule
`default_nettype wire
