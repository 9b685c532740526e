// The late trace, one tick: l' = l + ((a - l) >> 4), the trace as old as what is sensed (controller/reflex.py: foresee).
`default_nettype none
module late (
    input wire [14:0] l,
    input wire [14:0] a,
    output wire [14:0] next_l
);
    wire signed [15:0] behind = {1'b0, a} - {1'b0, l};
    wire signed [15:0] step = behind >>> 4;
    wire [15:0] sum = {1'b0, l} + step;
    assign next_l = sum[14:0];
    wire unused = &{1'b0, sum[15]};
endmodule
`default_nettype wire
